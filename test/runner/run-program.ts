import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');

export interface ProgramCall {
  readonly file: string;
  readonly args: readonly string[];
  /** The whole process group is ended after this; the exit code is then null. */
  readonly timeoutMs: number;
  readonly environment?: Readonly<Record<string, string>>;
  onLine(line: string): void;
}

/**
 * Runs one program of the repository from its root, with its own Node and tools first in PATH, and hands over its
 * output line by line. Resolves with the exit code; null when a signal or the time limit ended it.
 */
export function runProgram(call: ProgramCall): Promise<number | null> {
  const binaries = path.join(root, 'node_modules/.bin');
  const child = spawn(call.file, call.args, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      // Set inside a test, it would turn a test runner started there into a mere part of the outer one.
      NODE_TEST_CONTEXT: undefined,
      // Hundreds of test files load the same modules: their types are stripped and their code is compiled once.
      NODE_COMPILE_CACHE: path.join(root, 'node_modules/.cache/watchkeeper'),
      PATH: `${binaries}:${process.env['PATH'] ?? ''}`,
      ...call.environment,
    },
  });
  const endGroup = (signal: 'SIGTERM' | 'SIGKILL'): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, signal);
  };
  const onInterrupt = (): void => endGroup('SIGTERM');
  process.on('exit', onInterrupt);
  const timer = setTimeout(() => {
    call.onLine(`stopped: took longer than ${Math.round(call.timeoutMs / 1000)} s`);
    endGroup('SIGKILL');
  }, call.timeoutMs);
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => call.onLine(line));
  return new Promise((resolve) => {
    const finish = (exitCode: number | null): void => {
      clearTimeout(timer);
      process.off('exit', onInterrupt);
      resolve(exitCode);
    };
    child.on('error', (error) => {
      call.onLine(error.message);
      finish(null);
    });
    child.on('close', finish);
  });
}
