import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withPrint, type PrintOptions } from '../options/client-options.ts';
import { readContexts } from '../asking/contexts.ts';
import { printJson, printTable } from '../terminal/print.ts';
import type { Column } from '../terminal/table.ts';

export function define(command: Command, cli: Cli): void {
  withPrint(command).action((options) => run(cli, options));
}

async function run(cli: Cli, { json }: PrintOptions): Promise<void> {
  const { files } = await cli.runtime();
  const { current, contexts } = await readContexts(files, cli);
  if (json) return printJson(cli, { current, contexts });
  const rows = Object.entries(contexts).map(([name, context]) => ({ name, ...context }));
  const columns: Column<(typeof rows)[number]>[] = [
    { title: '', value: ({ name }) => (name === current ? '*' : '') },
    { title: 'NAME', value: ({ name }) => name },
    { title: 'IDENTITY', value: ({ identity, tokenFile }) => identity ?? tokenFile ?? '-' },
    { title: 'SERVERS', value: ({ servers }) => servers.join(' ') },
  ];
  printTable(cli, rows, columns, 'no context is known; add one with `watchkeeper context add`');
}
