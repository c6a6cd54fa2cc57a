import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { WatchError } from '../../model/errors.ts';
import type { CommandCall, CommandResult } from '../commands.ts';
import { asUser } from './as-user.ts';

/** What still holds the output open after the command ended (a daemon it left behind) is waited for no longer. */
const lingerMs = 200;

/**
 * Runs a program in a process group of its own, without a shell, with nothing to read. At the time-out the whole
 * group is killed, so that what the command started goes with it.
 */
export async function runCommand(call: CommandCall): Promise<CommandResult> {
  const { user } = call;
  return user === undefined ? run(call) : run(await asUser(call, user, run));
}

function run(call: CommandCall): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(call.file, call.args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment(call.environment),
    });
    const output = outputOf(child, call.outputBytesMax);
    if (call.onOutput) tellOutput(child, call.onOutput);
    const limit = killAfter(child, call.timeoutMs);
    child.once('error', (error) => {
      limit.cancel();
      reject(cannotStart(call.file, error));
    });
    child.once('exit', limit.cancel);
    child.once('close', (exitCode) => resolve({ exitCode, timedOut: limit.isOver(), ...output() }));
  });
}

/** What it has printed so far; what others hold open after its end is let go. */
export function outputOf(
  child: ChildProcessByStdio<Writable | null, Readable, Readable>,
  bytesMax: number,
): () => Pick<CommandResult, 'stdout' | 'stderr' | 'cut'> {
  const [stdout, stderr] = [collect(child.stdout, bytesMax), collect(child.stderr, bytesMax)];
  child.once('exit', () => {
    setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, lingerMs).unref();
  });
  return () => ({ stdout: stdout.text(), stderr: stderr.text(), cut: stdout.cut() || stderr.cut() });
}

/** Characters that came in two parts are told as one. */
function tellOutput(
  child: ChildProcessByStdio<Writable | null, Readable, Readable>,
  onOutput: NonNullable<CommandCall['onOutput']>,
): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    const decoder = new StringDecoder('utf8');
    child[stream].on('data', (chunk: Buffer) => tell(stream, decoder.write(chunk)));
    child[stream].once('close', () => tell(stream, decoder.end()));
  }
  function tell(stream: 'stdout' | 'stderr', text: string): void {
    if (text !== '') onOutput(stream, text);
  }
}

export function killAfter(
  child: ChildProcess,
  timeoutMs: number,
): { cancel: () => void; isOver: () => boolean } {
  let over = false;
  const timer = setTimeout(() => {
    over = true;
    killGroup(child);
  }, timeoutMs);
  return { cancel: () => clearTimeout(timer), isOver: () => over };
}

/** What would make another program behave as a part of us: of our Node, or of the service that systemd watches. */
const ours = [
  'NODE_OPTIONS',
  'NODE_CHANNEL_FD',
  'NOTIFY_SOCKET',
  'WATCHDOG_USEC',
  'WATCHDOG_PID',
  'CREDENTIALS_DIRECTORY',
];

export function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const rest = Object.entries(process.env).filter(([name]) => !ours.includes(name));
  return { ...Object.fromEntries(rest), ...extra };
}

function collect(stream: NodeJS.ReadableStream, bytesMax: number) {
  const chunks: Buffer[] = [];
  let room = bytesMax;
  let cut = false;
  stream.on('data', (chunk: Buffer) => {
    // Reading goes on beyond the cap, or a talkative command would block for ever on a full pipe.
    if (chunk.length > room) cut = true;
    if (room > 0) chunks.push(chunk.subarray(0, room));
    room = Math.max(0, room - chunk.length);
  });
  return { text: () => Buffer.concat(chunks).toString('utf8'), cut: () => cut };
}

export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // The group ended by itself in this very moment.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

export function cannotStart(file: string, error: Error): WatchError {
  const code = 'code' in error ? error.code : '';
  if (code === 'ENOENT')
    return new WatchError('WK_NOT_FOUND', `${file} is not there: check the path of the command`, {
      cause: error,
    });
  if (code === 'EACCES' || code === 'EPERM')
    return new WatchError('WK_DENIED', `${file} may not be executed by this user: check its permissions`, {
      cause: error,
    });
  return new WatchError('WK_UNAVAILABLE', `${file} could not be started: ${error.message}`, { cause: error });
}
