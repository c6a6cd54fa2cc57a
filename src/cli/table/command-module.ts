import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';

/** What each file in commands/ exports. */
export interface CommandModule {
  /** Adds arguments, options, examples and the action to a command that has its name and summary already. */
  define(command: Command, cli: Cli): void;
}
