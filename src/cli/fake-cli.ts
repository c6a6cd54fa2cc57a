import type { HttpAnswer, HttpCall, Network } from '../runtime/network.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Cli, Output } from './cli.ts';
import { main } from './main.ts';

/** What a fake network is told to do with a question. */
export type Answerer = (call: HttpCall) => HttpAnswer | Promise<HttpAnswer>;

export interface FakeOptions {
  /** The ports that are not faked, usually the real ones on a temporary folder. */
  readonly runtime: Runtime;
  readonly workingDirectory: string;
  readonly environment?: Record<string, string>;
  readonly answer?: Answerer;
  readonly stream?: Network['stream'];
  readonly input?: string;
  readonly columns?: number;
  /** Aborted by the test in place of Ctrl-C. */
  readonly stop?: AbortController;
}

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line inside this process, with an output, environment and network of its own. */
export async function runFake(line: readonly string[], options: FakeOptions): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr'): Output => ({
    write: (text) => void (written[name] += text),
    isTerminal: options.columns !== undefined,
    columns: options.columns ?? null,
  });
  const runtime = withNetwork(options);
  const stop = options.stop ?? new AbortController();
  const secrets = (options.input ?? '').split('\n');
  const cli: Cli = {
    stdout: output('stdout'),
    stderr: output('stderr'),
    environment: { LANG: 'C.UTF-8', HOME: options.workingDirectory, ...options.environment },
    version: '0.0.0',
    system: 'linux',
    folder: options.workingDirectory,
    workingDirectory: options.workingDirectory,
    runtime: async () => runtime,
    readInput: async () => options.input ?? '',
    readLine: async () => options.input?.split('\n')[0] ?? '',
    readSecret: async () => secrets.shift() ?? '',
    stopSignal: () => stop.signal,
    command: null,
    exitCode: 0,
  };
  const exitCode = await main(line, cli);
  return { exitCode, ...written };
}

function withNetwork({ runtime, answer, stream }: FakeOptions): Runtime {
  const network: Network = {
    ...runtime.network,
    ...(answer ? { call: async (call) => answer(call) } : {}),
    ...(stream ? { stream } : {}),
  };
  return { ...runtime, network };
}

export function jsonAnswer(document: unknown, status = 200): HttpAnswer {
  return { status, headers: {}, body: JSON.stringify(document) };
}
