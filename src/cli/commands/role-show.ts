import type { Command } from '@commander-js/extra-typings';
import { spanText } from '../../model/duration.ts';
import type { RoleView } from '../../model/role-api.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { printJson, printPairs, printTable, stdoutStyle } from '../terminal/print.ts';
import { askRole } from '../asking/roles.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Style } from '../terminal/style.ts';
import type { Column } from '../terminal/table.ts';
import { openClient } from '../asking/target.ts';
import { ageText, localZone, timeText } from '../terminal/times.ts';

type Server = RoleView['servers'][number];

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<ROLE>', 'acting, or virtual-interface/NAME')
    .action((role, options) => run(cli, role, options));
}

async function run(cli: Cli, name: string, options: ClientOptions & PrintOptions): Promise<void> {
  const role = await askRole(await openClient(cli, options), name);
  if (options.json) return printJson(cli, role);
  const nowMs = (await cli.runtime()).clock.wallMs();
  const style = stdoutStyle(cli, options);
  printPairs(cli, pairsOf(role, style, nowMs));
  cli.stdout.write('\n');
  const columns: Column<Server>[] = [
    { title: 'PLACE', align: 'right', value: ({ place }) => String(place ?? '-') },
    { title: 'SERVER', value: ({ name }) => safeText(name) },
    {
      title: 'STATE',
      value: ({ state, healthy }) =>
        style.paint(state === 'offline' || !healthy ? 'redBright' : 'green', state),
    },
    {
      title: 'HEARTBEAT',
      align: 'right',
      value: ({ lastHeartbeatMs }) => (lastHeartbeatMs === null ? '-' : ageText(lastHeartbeatMs, nowMs)),
    },
    { title: 'HEALTH', value: ({ healthy, because }) => safeText(healthy ? 'healthy' : because) },
  ];
  printTable(cli, role.servers, columns, 'the pool lists no server');
}

function pairsOf(role: RoleView, style: Style, nowMs: number): [string, string][] {
  const { holderName, sinceMs, failback, settleMs, pinned, movingTo, carrier, address } = role;
  return [
    ['role', safeText(role.role)],
    ['holder', safeText(holderName ?? style.paint('redBright', 'nobody'))],
    ['since', sinceMs === 0 ? '-' : timeText(sinceMs, nowMs, localZone())],
    ['because', role.because],
    ['epoch', String(role.epoch)],
    [
      'failback',
      failback === 'manual'
        ? 'manual'
        : `automatic, when the preferred server was well for ${spanText(settleMs)}`,
    ],
    ['pinned to', safeText(pinned?.name ?? 'no server')],
    ...(movingTo === null ? [] : [['moving to', safeText(movingTo.name)] satisfies [string, string]]),
    ...(carrier === null
      ? []
      : [['address', `${safeText(address ?? '-')}, by ${carrier}`] satisfies [string, string]]),
  ];
}
