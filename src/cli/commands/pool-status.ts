import type { Command } from '@commander-js/extra-typings';
import { poolStatusSchema, type PoolStatus } from '../../model/api.ts';
import { rankText } from '../../model/rank.ts';
import { severities } from '../../model/severity.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { printJson, printPairs, printTable, stdoutStyle } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Style } from '../terminal/style.ts';
import type { Column } from '../terminal/table.ts';
import { openClient } from '../asking/target.ts';
import { ageText } from '../terminal/times.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .option('--positions', 'show how far each member is in each journal')
    .action((options) => run(cli, options));
}

async function run(
  cli: Cli,
  options: ClientOptions & PrintOptions & { readonly positions?: true },
): Promise<void> {
  const client = await openClient(cli, options);
  const status = await client.ask({ path: '/api/v1/pool' }, poolStatusSchema);
  if (options.json) return printJson(cli, status);
  const nowMs = (await cli.runtime()).clock.wallMs();
  const style = stdoutStyle(cli, options);
  printPairs(cli, summaryOf(status, style));
  cli.stdout.write('\n');
  printTable(cli, status.members, memberColumns(style, nowMs), 'no member is known');
  cli.stdout.write('\n');
  printTable(cli, status.roles, roleColumns(style, nowMs), 'no role is defined');
  if (status.coordinator.etcd.length > 0) {
    cli.stdout.write('\n');
    printTable(cli, status.coordinator.etcd, etcdColumns(style, nowMs), '');
  }
  if (status.sharing.length > 0) {
    cli.stdout.write('\n');
    printTable(cli, status.sharing, sharingColumns(style, nowMs), '');
  }
  if (options.positions) printPositions(cli, status);
}

function summaryOf(
  { pool, server, atRisk, coordinator, messages, serverRules }: PoolStatus,
  style: Style,
): [string, string][] {
  const open = severities.map((severity) => `${messages.open[severity]} ${severity}`).toReversed();
  return [
    ['pool', `${pool.name} (${pool.id})`],
    ['answered by', `${server.name}, version ${server.version}`],
    [
      'at risk',
      atRisk.is
        ? style.paint('redBright', `yes: ${safeText(atRisk.because)}`)
        : `no: ${safeText(atRisk.because)}`,
    ],
    ['coordinator', coordinatorText(coordinator, style)],
    ['messages', `${messages.total}, open: ${open.join(', ')}`],
    ...(serverRules.active || serverRules.held > 0
      ? [['held', heldText(serverRules)] as [string, string]]
      : []),
  ];
}

function heldText({ active, held }: PoolStatus['serverRules']): string {
  const count = `${held} until their service hours begin`;
  return active ? count : `${count}; released as soon as a server acts`;
}

function coordinatorText(
  { kind, reachable, confirmed, doubt, waiting }: PoolStatus['coordinator'],
  style: Style,
): string {
  const bad = (text: string): string => `${kind}, ${style.paint('redBright', text)}`;
  if (doubt !== null) return bad(`${safeText(doubt)}: no role is taken until you confirm with pool confirm`);
  if (reachable && waiting)
    return bad(
      'no role is taken before a majority of the members was heard, or you confirm with pool confirm',
    );
  if (reachable) return `${kind}, reachable`;
  return bad(confirmed ? 'away; every member leaves the roles where they are' : 'away; no role is taken');
}

type Member = PoolStatus['members'][number];
type SharingStatus = PoolStatus['sharing'][number];
type Role = PoolStatus['roles'][number];
type EtcdMember = PoolStatus['coordinator']['etcd'][number];

const stateWords = {
  voter: 'voter',
  learner: 'learner: votes when there are three',
  joining: 'joining',
  offered: 'client: could be a member',
} as const;

function memberColumns(style: Style, nowMs: number): Column<Member>[] {
  const state = ({ state, healthy }: Member): string =>
    style.paint(state === 'offline' || !healthy ? 'redBright' : 'green', state);
  return [
    { title: 'MEMBER', value: ({ name }) => safeText(name) },
    { title: 'RANK', value: ({ rank }) => rankText(rank) },
    { title: 'DUTY', value: ({ duty }) => duty ?? '-' },
    { title: 'STATE', value: state },
    { title: 'SINCE', align: 'right', value: ({ sinceMs }) => age(sinceMs, nowMs) },
    { title: 'HEARTBEAT', align: 'right', value: ({ lastHeartbeatMs }) => age(lastHeartbeatMs, nowMs) },
    { title: 'LAG', align: 'right', value: ({ lagEntries }) => String(lagEntries ?? '-') },
    { title: 'VERSION', value: ({ version }) => safeText(version ?? '-') },
    { title: 'ADDRESS', value: ({ url }) => safeText(url) },
    { title: 'HEALTH', value: ({ healthy, because }) => safeText(healthy ? 'healthy' : because) },
  ];
}

function roleColumns(style: Style, nowMs: number): Column<Role>[] {
  return [
    { title: 'ROLE', value: ({ role }) => safeText(role) },
    {
      title: 'HOLDER',
      value: ({ holderName, holder }) => safeText(holderName ?? holder ?? style.paint('redBright', 'nobody')),
    },
    { title: 'EPOCH', align: 'right', value: ({ epoch }) => String(epoch) },
    { title: 'SINCE', align: 'right', value: ({ sinceMs }) => age(sinceMs, nowMs) },
    { title: 'ADDRESS', value: ({ address }) => safeText(address ?? '-') },
    { title: 'BECAUSE', value: ({ because }) => because },
  ];
}

function etcdColumns(style: Style, nowMs: number): Column<EtcdMember>[] {
  return [
    { title: 'ETCD', value: ({ name }) => safeText(name) },
    { title: 'KIND', value: ({ kind }) => kind },
    { title: 'STATE', value: ({ state }) => (state === null ? 'not heard of yet' : stateWords[state]) },
    { title: 'HEARTBEAT', align: 'right', value: ({ lastHeartbeatMs }) => age(lastHeartbeatMs, nowMs) },
    { title: 'ADDRESS', value: ({ address }) => safeText(address) },
    {
      title: 'HEALTH',
      value: ({ because }) => (because === null ? 'healthy' : style.paint('redBright', safeText(because))),
    },
  ];
}

function sharingColumns(style: Style, nowMs: number): Column<SharingStatus>[] {
  return [
    { title: 'OTHER POOL', value: ({ poolName }) => safeText(poolName) },
    { title: 'WAITING', align: 'right', value: ({ waiting }) => String(waiting) },
    { title: 'OLDEST', align: 'right', value: ({ oldestMs }) => age(oldestMs, nowMs) },
    { title: 'CONNECTED TO', value: ({ connectedTo }) => safeText(connectedTo ?? '-') },
    {
      title: 'PROBLEM',
      value: ({ problem }) => (problem === null ? '-' : style.paint('redBright', safeText(problem))),
    },
  ];
}

function printPositions(cli: Cli, status: PoolStatus): void {
  const others = status.members.filter(({ coreId }) => coreId !== status.server.coreId);
  const columns: Column<string>[] = [
    { title: 'ORIGIN', value: (origin) => origin },
    {
      title: status.server.name,
      align: 'right',
      value: (origin) => String(status.server.positions[origin] ?? 0),
    },
    ...others.map(({ name, positions }): Column<string> => ({
      title: safeText(name),
      align: 'right',
      value: (origin) => (positions === null ? '-' : String(positions[origin] ?? 0)),
    })),
  ];
  const origins = [status.server.positions, ...others.map(({ positions }) => positions ?? {})].flatMap(
    Object.keys,
  );
  cli.stdout.write('\n');
  printTable(cli, [...new Set(origins)].sort(), columns, 'no journal yet');
}

function age(ms: number | null, nowMs: number): string {
  return ms === null ? '-' : ageText(ms, nowMs);
}
