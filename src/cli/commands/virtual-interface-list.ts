import type { Command } from '@commander-js/extra-typings';
import { virtualInterfacesSchema, type VirtualInterfaceView } from '../../model/role-api.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { printJson, printTable, stdoutStyle } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { openClient } from '../asking/target.ts';
import { ageText } from '../terminal/times.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addHelpText(
      'after',
      `
AGENTS are connected through the interface now. MESSAGES came through it to any server since that started, by what the others told
the answering one in the last seconds.
`,
    )
    .action((options) => run(cli, options));
}

async function run(cli: Cli, options: ClientOptions & PrintOptions): Promise<void> {
  const client = await openClient(cli, options);
  const { virtualInterfaces: rows } = await client.ask(
    { path: '/api/v1/virtual-interfaces' },
    virtualInterfacesSchema,
  );
  if (options.json) return printJson(cli, { virtualInterfaces: rows });
  const nowMs = (await cli.runtime()).clock.wallMs();
  const style = stdoutStyle(cli, options);
  const columns: Column<VirtualInterfaceView>[] = [
    { title: 'NAME', value: ({ name }) => safeText(name) },
    { title: 'ADDRESS', value: ({ address }) => safeText(address ?? '-') },
    { title: 'CARRIER', value: ({ carrier }) => carrier ?? '-' },
    {
      title: 'HOLDER',
      value: ({ holderName }) => safeText(holderName ?? style.paint('redBright', 'nobody')),
    },
    { title: 'SINCE', align: 'right', value: ({ sinceMs }) => ageText(sinceMs, nowMs) },
    { title: 'AGENTS', align: 'right', value: ({ agents }) => String(agents) },
    {
      title: 'MESSAGES',
      align: 'right',
      value: ({ messages }) => (messages === null ? '–' : String(messages)),
    },
    { title: 'BECAUSE', value: ({ because }) => because },
  ];
  printTable(cli, rows, columns, 'no virtual interface is defined');
}
