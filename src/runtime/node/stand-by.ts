import { spawn } from 'node:child_process';
import type { CommandCall, CommandResult, StandBy } from '../commands.ts';
import { cannotStart, environment, killAfter, killGroup, outputOf } from './run-command.ts';

/** Starts a program as `runCommand` does, with its input still to come. It keeps us running until it has ended. */
export function standBy(call: Omit<CommandCall, 'timeoutMs'>): StandBy {
  const child = spawn(call.file, call.args, {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environment(call.environment),
  });
  const output = outputOf(child, call.outputBytesMax);
  let mode: 'waiting' | 'working' | 'ended' = 'waiting';
  let failure: Error | null = null;
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      mode = 'ended';
      failure = error;
      resolve(null);
    });
    child.once('exit', () => (mode = 'ended'));
    child.once('close', resolve);
  });
  // Ended before it had read everything: its exit tells.
  child.stdin.on('error', () => undefined);

  async function finish(
    input: string,
    timeoutMs: number,
    isDone: (stdout: string) => boolean = () => false,
  ): Promise<CommandResult> {
    mode = 'working';
    const limit = killAfter(child, timeoutMs);
    void ended.then(limit.cancel);
    const done = new Promise<number>((resolve) => {
      child.stdout.on('data', () => {
        if (isDone(output().stdout)) resolve(0);
      });
    });
    child.stdin.end(input);
    const exitCode = await Promise.race([ended, done]);
    if (failure !== null) throw cannotStart(call.file, failure);
    return { exitCode, timedOut: limit.isOver(), ...output() };
  }
  return {
    get isWaiting() {
      return mode === 'waiting';
    },
    finish,
    end: () => killGroup(child),
  };
}
