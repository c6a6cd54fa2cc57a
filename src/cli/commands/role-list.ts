import type { Command } from '@commander-js/extra-typings';
import { rolesSchema, type RoleView } from '../../model/role-api.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { printJson, printTable, stdoutStyle } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { openClient } from '../asking/target.ts';
import { ageText } from '../terminal/times.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command).action((options) => run(cli, options));
}

async function run(cli: Cli, options: ClientOptions & PrintOptions): Promise<void> {
  const client = await openClient(cli, options);
  const answer = await client.ask({ path: '/api/v1/roles' }, rolesSchema);
  if (options.json) return printJson(cli, answer);
  const nowMs = (await cli.runtime()).clock.wallMs();
  const style = stdoutStyle(cli, options);
  const columns: Column<RoleView>[] = [
    { title: 'ROLE', value: ({ role }) => safeText(role) },
    {
      title: 'HOLDER',
      value: ({ holderName }) => safeText(holderName ?? style.paint('redBright', 'nobody')),
    },
    { title: 'EPOCH', align: 'right', value: ({ epoch }) => String(epoch) },
    { title: 'SINCE', align: 'right', value: ({ sinceMs }) => ageText(sinceMs, nowMs) },
    { title: 'ORDER', value: orderText },
    { title: 'FAILBACK', value: ({ failback }) => failback },
    { title: 'PINNED', value: ({ pinned }) => safeText(pinned?.name ?? '-') },
    { title: 'BECAUSE', value: ({ because }) => because },
  ];
  printTable(cli, answer.roles, columns, 'no role is defined');
}

function orderText({ servers }: RoleView): string {
  const listed = servers.filter(({ place }) => place !== null);
  return listed.length === 0 ? '-' : safeText(listed.map(({ name }) => name).join(','));
}
