import type { Command } from '@commander-js/extra-typings';
import { poolStatusSchema, type PoolStatus } from '../../model/api.ts';
import { virtualInterfacePrefix } from '../../model/definitions.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../client-options.ts';
import { printJson, printTable, stdoutStyle } from '../print.ts';
import { safeText } from '../safe-text.ts';
import type { Column } from '../table.ts';
import { openClient } from '../target.ts';
import { ageText } from '../times.ts';

type Role = PoolStatus['roles'][number];

export function define(command: Command, cli: Cli): void {
  withClient(command).action((options) => run(cli, options));
}

async function run(cli: Cli, options: ClientOptions & PrintOptions): Promise<void> {
  const client = await openClient(cli, options);
  const { roles } = await client.ask({ path: '/api/v1/pool' }, poolStatusSchema);
  const interfaces = roles
    .filter(({ role }) => role.startsWith(virtualInterfacePrefix))
    .map(({ role, ...rest }) => ({ name: role.slice(virtualInterfacePrefix.length), role, ...rest }));
  if (options.json) return printJson(cli, { virtualInterfaces: interfaces });
  const nowMs = (await cli.runtime()).clock.wallMs();
  const style = stdoutStyle(cli, options);
  const columns: Column<Role & { name: string }>[] = [
    { title: 'NAME', value: ({ name }) => safeText(name) },
    { title: 'ADDRESS', value: ({ address }) => safeText(address ?? '-') },
    {
      title: 'HOLDER',
      value: ({ holderName }) => safeText(holderName ?? style.paint('redBright', 'nobody')),
    },
    { title: 'SINCE', align: 'right', value: ({ sinceMs }) => ageText(sinceMs, nowMs) },
    { title: 'BECAUSE', value: ({ because }) => because },
  ];
  printTable(cli, interfaces, columns, 'no virtual interface is defined');
}
