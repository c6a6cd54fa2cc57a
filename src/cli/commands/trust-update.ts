import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { defineTrustFile } from '../files/trust-file.ts';

export function define(command: Command, cli: Cli): void {
  const does = 'Puts the file in the place of all that was believed for that pool.';
  defineTrustFile(command, cli, { as: 'replace', does });
}
