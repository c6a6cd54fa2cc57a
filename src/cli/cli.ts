import type { Runtime } from '../runtime/runtime.ts';

export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Characters a line; null where lines have no end (a pipe, a file). */
  readonly columns: number | null;
  /** Lines of a terminal; missing or null where there is none. */
  readonly rows?: number | null;
}

/** What a command may use of the process it runs in, so that tests can run it without one. */
export interface Cli {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** What this machine runs on: `linux`. */
  readonly system: string;
  /** The program's own folder, where `plugins/` is. */
  readonly folder: string;
  /** The folder that relative paths on the command line count from. */
  readonly workingDirectory: string;
  /** Opened on first use: most of what it loads is not needed to print a help text. `log` defaults to silence. */
  runtime(log?: 'silent' | 'debug' | 'info' | 'warn' | 'error'): Promise<Runtime>;
  /** The next line of standard input, once: what a person answers. */
  readLine(): Promise<string>;
  /** The whole of standard input; WK_TOO_LARGE beyond 1 MiB. */
  readInput(): Promise<string>;
  /** A line that nobody may see: asked for on a terminal without showing it, else the first line of standard input. */
  readSecret(question: string): Promise<string>;
  /**
   * Aborts at the first Ctrl-C or SIGTERM. Whoever asks for it ends by itself then; without a call of this, and at the
   * second Ctrl-C, the process ends at once.
   */
  stopSignal(): AbortSignal;
  /** The words of the command that runs, `message list`; it may ask only what its row in command-permissions.ts names. */
  command: string | null;
  /** What the process will exit with when the command returns; 0 unless set. */
  exitCode: number;
}
