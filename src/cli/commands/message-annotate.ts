import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { defineOperation } from '../asking/operate.ts';

export function define(command: Command, cli: Cli): void {
  defineOperation(command, cli, 'annotate');
}
