import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { defineTrustFile } from '../files/trust-file.ts';

export function define(command: Command, cli: Cli): void {
  const does = 'Adds to what is believed for that pool; nothing is taken away.';
  defineTrustFile(command, cli, { as: 'merge', does });
}
