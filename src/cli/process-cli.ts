import { dirname } from 'node:path';
import { codeOf, errorTable, textOf, WatchError } from '../model/errors.ts';
import type { Log } from '../runtime/log.ts';
import { nodeClock } from '../runtime/node/clock.ts';
import type { Cli, Output } from './cli.ts';
import { interruptedExit } from './exit-codes.ts';
import { safeText } from './terminal/safe-text.ts';
import { version } from '../model/version.ts';

const inputBytesMax = 1_048_576;

/** The command line's surroundings as they really are. */
export function processCli(entry: string): Cli {
  endQuietlyOnBrokenPipe();
  let log: Log | null = null;
  endOnUnforeseen(() => log);
  return {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    environment: process.env,
    version,
    system: process.platform,
    folder: dirname(dirname(entry)),
    workingDirectory: process.cwd(),
    // The real runtime is the heaviest thing there is to load; a help text does without.
    runtime: async (level = 'silent') => {
      const runtime = (await import('./process-runtime.ts')).processRuntime(entry, level);
      if (level !== 'silent') log = runtime.log;
      return runtime;
    },
    readInput,
    readLine,
    readSecret,
    stopSignal: stopper(),
    command: null,
    exitCode: 0,
  };
}

/**
 * What nobody caught, a rejection included, is a bug of ours: whatever this process believes may be wrong, so it says
 * what happened in one line and ends, and whoever runs it (the keeper, systemd) starts it anew. Where it happened is for
 * the log only.
 */
function endOnUnforeseen(log: () => Log | null): void {
  process.on('uncaughtException', (error: unknown) => {
    const stack = error instanceof Error ? error.stack : undefined;
    const toLog = log();
    if (toLog) toLog.error('an unforeseen error ends this process', { error: textOf(error), stack });
    else {
      if (process.env.WK_DEBUG && stack !== undefined) process.stderr.write(`${stack}\n`);
      process.stderr.write(
        `watchkeeper: an internal error: ${safeText(textOf(error))} (WK_DEBUG=1 shows more)\n`,
      );
    }
    process.exit(errorTable[codeOf(error)].exit);
  });
}

/** Node leaves both out where there is no terminal, which its types do not say. */
interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

function outputOf(stream: Stream): Output {
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY ?? false,
    get columns() {
      return stream.isTTY ? (stream.columns ?? null) : null;
    },
    get rows() {
      return stream.isTTY ? (stream.rows ?? null) : null;
    },
  };
}

/** `watchkeeper … | head` closes our output when it has seen enough. */
function endQuietlyOnBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(error.code === 'EPIPE' ? 0 : 1);
    });
}

async function readLine(): Promise<string> {
  let text = '';
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    text += part.toString();
    if (text.includes('\n') || text.length > inputBytesMax) break;
  }
  return text.split('\n')[0]?.trim() ?? '';
}

/** What came on standard input, one secret a line. */
let secretLines: string[] | null = null;
/** Enter, and Ctrl-D. */
const endOfLine: ReadonlySet<string> = new Set(['\r', '\n', '\u0004']);

async function readSecret(question: string): Promise<string> {
  if (!process.stdin.isTTY) return (secretLines ??= (await readInput()).split(/\r?\n/)).shift() ?? '';
  process.stderr.write(`${question}: `);
  process.stdin.setRawMode(true);
  process.stdin.setEncoding('utf8');
  let typed = '';
  try {
    for await (const part of process.stdin as AsyncIterable<string>) {
      for (const character of part) typed = withKey(typed, character);
      if ([...endOfLine].some((end) => part.includes(end))) return typed;
    }
    return typed;
  } finally {
    process.stdin.setRawMode(false);
    process.stdin.pause();
    process.stderr.write('\n');
  }
}

/** What is typed so far, after another key; Ctrl-C ends the program as it does everywhere. */
function withKey(typed: string, key: string): string {
  if (key === '\u0003') process.exit(interruptedExit.SIGINT);
  if (key === '\u007f' || key === '\b') return Array.from(typed).slice(0, -1).join('');
  return endOfLine.has(key) ? typed : typed + key;
}

async function readInput(): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > inputBytesMax) throw new WatchError('WK_TOO_LARGE', 'standard input: more than 1 MiB');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/** One Ctrl-C can arrive twice: from the terminal, and from npm, which passes it on. */
const sameSignalMs = 500;

function stopper(): () => AbortSignal {
  const controller = new AbortController();
  let isAwaited = false;
  let abortedMs = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      const nowMs = nodeClock.monotonicMs();
      if (!isAwaited) process.exit(interruptedExit[signal]);
      if (!controller.signal.aborted) {
        abortedMs = nowMs;
        controller.abort(signal);
      } else if (nowMs - abortedMs > sameSignalMs) process.exit(interruptedExit[signal]);
    });
  return () => {
    isAwaited = true;
    return controller.signal;
  };
}
