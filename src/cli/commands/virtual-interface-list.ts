import type { Command } from '@commander-js/extra-typings';
import { virtualInterfacesSchema, type VirtualInterfaceView } from '../../model/role-api.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../client-options.ts';
import type { PoolClient } from '../pool-client.ts';
import { printJson, printTable, stdoutStyle } from '../print.ts';
import { safeText } from '../safe-text.ts';
import type { Column } from '../table.ts';
import { openClient } from '../target.ts';
import { ageText } from '../times.ts';

/** `messages` is null where the holder could not be asked. */
type Row = Omit<VirtualInterfaceView, 'messages'> & { readonly messages: number | null };

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addHelpText(
      'after',
      `
AGENTS are connected through the interface now. MESSAGES came through it since its holder started.
`,
    )
    .action((options) => run(cli, options));
}

async function run(cli: Cli, options: ClientOptions & PrintOptions): Promise<void> {
  const rows = await read(cli, options);
  if (options.json) return printJson(cli, { virtualInterfaces: rows });
  const nowMs = (await cli.runtime()).clock.wallMs();
  const style = stdoutStyle(cli, options);
  const columns: Column<Row>[] = [
    { title: 'NAME', value: ({ name }) => safeText(name) },
    { title: 'ADDRESS', value: ({ address }) => safeText(address ?? '-') },
    { title: 'CARRIER', value: ({ carrier }) => carrier ?? '-' },
    {
      title: 'HOLDER',
      value: ({ holderName }) => safeText(holderName ?? style.paint('redBright', 'nobody')),
    },
    { title: 'SINCE', align: 'right', value: ({ sinceMs }) => ageText(sinceMs, nowMs) },
    { title: 'AGENTS', align: 'right', value: ({ agents }) => String(agents) },
    { title: 'MESSAGES', align: 'right', value: ({ messages }) => String(messages ?? '-') },
    { title: 'BECAUSE', value: ({ because }) => because },
  ];
  printTable(cli, rows, columns, 'no virtual interface is defined');
}

/** Messages are counted where they are stored, so each holder is asked for its own. */
async function read(cli: Cli, options: ClientOptions): Promise<Row[]> {
  const { server, virtualInterfaces } = await ask(await openClient(cli, options));
  const holders = new Map<string, Promise<readonly VirtualInterfaceView[]>>();
  for (const { holder, holderUrl } of virtualInterfaces)
    if (holder !== null && holderUrl !== null && holder !== server.coreId && !holders.has(holder))
      holders.set(holder, askHolder(cli, options, holderUrl));
  return Promise.all(
    virtualInterfaces.map(async (one) => {
      if (one.holder === server.coreId) return one;
      const told = await holders.get(one.holder ?? '');
      return { ...one, messages: told?.find(({ role }) => role === one.role)?.messages ?? null };
    }),
  );
}

function ask(client: PoolClient) {
  return client.ask({ path: '/api/v1/virtual-interfaces' }, virtualInterfacesSchema);
}

/** A holder that cannot be reached from here leaves a gap, not an error: everything else is known. */
async function askHolder(
  cli: Cli,
  options: ClientOptions,
  url: string,
): Promise<readonly VirtualInterfaceView[]> {
  try {
    const client = await openClient(cli, { ...options, server: [url] });
    return (await ask(client)).virtualInterfaces;
  } catch {
    return [];
  }
}
