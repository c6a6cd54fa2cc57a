import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { printJson } from '../terminal/print.ts';

export function define(command: Command, cli: Cli): void {
  command.option('--json', 'print one JSON document').action(({ json }) => {
    if (json) printJson(cli, { version: cli.version, node: process.versions.node });
    else cli.stdout.write(`watchkeeper ${cli.version}\n`);
  });
}
