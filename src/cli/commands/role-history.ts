import { InvalidArgumentError, type Command } from '@commander-js/extra-typings';
import { spanText } from '../../model/duration.ts';
import { rolesSchema, type RoleChangeView } from '../../model/role-api.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import type { PoolClient } from '../asking/pool-client.ts';
import { printJson, printTable, stdoutStyle } from '../terminal/print.ts';
import { roleHistory } from '../asking/roles.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { openClient } from '../asking/target.ts';
import { localTimeText, localZone } from '../terminal/times.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('[ROLE]', 'acting, or virtual-interface/NAME; every role when left out')
    .option('--limit <COUNT>', 'so many changes of each role, the newest', limitOption, 20)
    .option('--positions', 'show what the new holder had of each journal')
    .action((role, options) => run(cli, role, options));
}

async function run(
  cli: Cli,
  role: string | undefined,
  options: ClientOptions & PrintOptions & { readonly limit: number; readonly positions?: true },
): Promise<void> {
  const client = await openClient(cli, options);
  const changes = await changesOf(client, role, options.limit);
  if (options.json) return printJson(cli, { changes });
  const style = stdoutStyle(cli, options);
  const zone = localZone();
  const columns: Column<RoleChangeView>[] = [
    { title: 'TIME', value: ({ atMs }) => (atMs === null ? '-' : localTimeText(atMs, zone)) },
    ...(role === undefined ? [{ title: 'ROLE', value: (one: RoleChangeView) => safeText(one.role) }] : []),
    { title: 'EPOCH', align: 'right', value: ({ epoch }) => String(epoch) },
    { title: 'FROM', value: ({ from, fromName }) => safeText(fromName ?? from ?? '-') },
    { title: 'TO', value: ({ holder, holderName }) => safeText(holderName ?? holder) },
    {
      title: 'UNHELD',
      align: 'right',
      value: ({ unheldMs }) => (unheldMs === null ? '-' : spanText(unheldMs)),
    },
    {
      title: 'BECAUSE',
      value: ({ because, planned }) => style.paint(planned === false ? 'yellow' : 'green', because ?? '-'),
    },
    ...(options.positions ? [{ title: 'POSITIONS', value: positionsText }] : []),
  ];
  printTable(cli, changes, columns, 'no change is known');
}

/** Of several roles: all together, the newest first. */
async function changesOf(
  client: PoolClient,
  role: string | undefined,
  limit: number,
): Promise<RoleChangeView[]> {
  if (role !== undefined) return roleHistory(client, role, limit);
  const { roles } = await client.ask({ path: '/api/v1/roles' }, rolesSchema);
  const histories = await Promise.all(roles.map((one) => roleHistory(client, one.role, limit)));
  return histories.flat().sort((a, b) => (b.atMs ?? 0) - (a.atMs ?? 0));
}

function positionsText({ positions }: RoleChangeView): string {
  return Object.entries(positions)
    .map(([origin, seq]) => `${origin}:${seq}`)
    .join(' ');
}

function limitOption(text: string): number {
  const count = Number(text);
  if (!/^\d{1,4}$/.test(text) || count < 1 || count > 1_000)
    throw new InvalidArgumentError('It must be a number from 1 to 1000.');
  return count;
}
