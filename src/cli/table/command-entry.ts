import type { CommandModule } from './command-module.ts';

export interface CommandEntry {
  /** The words that call it: `message list`. */
  readonly path: string;
  readonly summary: string;
  /** For our own processes, not for people. */
  readonly hidden?: boolean;
  /** A command's file is loaded when the command is run, asked for help, or completed. */
  readonly load: () => Promise<CommandModule>;
}
