import { poolStatusSchema } from '../../model/api.ts';
import {
  roleDefinitionSchema,
  serverDefinitionSchema,
  keys,
  type ServerDefinition,
} from '../../model/definitions.ts';
import { codeOf, WatchError } from '../../model/errors.ts';
import type { Positions } from '../../model/origin.ts';
import type { Coordination, Item } from '../../coordination/coordination.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleep } from '../../runtime/timing.ts';
import { PoolClient, type Target } from '../asking/pool-client.ts';

const askMs = 3_000;
const lookEveryMs = 250;

/**
 * How many entries `leaving` has that no majority of the others has; null for one that does not answer. One other is not
 * enough: journals let go of what a majority has, the leaving server counted in, and what then is in one server's state
 * alone the others cannot fetch any more once they have let go of something else.
 */
export function entriesOnlyIn(leaving: Positions, others: readonly (Positions | null)[]): number {
  const needed = Math.floor(others.length / 2) + 1;
  return Object.entries(leaving).reduce((sum, [origin, seq]) => {
    const known = others.map((positions) => positions?.[origin] ?? 0).toSorted((a, b) => b - a);
    return sum + Math.max(0, seq - (known[needed - 1] ?? 0));
  }, 0);
}

export interface Servers {
  readonly leaving: ServerDefinition;
  readonly others: readonly ServerDefinition[];
  readonly item: Item;
}

/** Errors: WK_NOT_FOUND, WK_CONFLICT (it is the last one). */
export async function findServers(coordination: Coordination, name: string): Promise<Servers> {
  const { items } = await coordination.list(keys.servers);
  const all = items.map((item) => ({ item, server: serverDefinitionSchema.parse(JSON.parse(item.value)) }));
  const found = all.find(({ server }) => server.name === name);
  if (!found)
    throw new WatchError(
      'WK_NOT_FOUND',
      `there is no server ${name}; there are: ${all.map(({ server }) => server.name).join(', ')}`,
    );
  if (all.length === 1)
    throw new WatchError(
      'WK_CONFLICT',
      `${name} is the pool's last server; a pool without servers is no pool`,
    );
  const others = all.filter((one) => one !== found).map(({ server }) => server);
  return { leaving: found.server, others, item: found.item };
}

/**
 * Waits until everything that the leaving server has is on a majority of the others too. Errors: WK_UNREACHABLE when it does not
 * answer, so that nobody can tell; WK_CONFLICT with the number of entries that would be lost.
 */
export async function awaitDrained(
  runtime: Runtime,
  { leaving, others }: Servers,
  target: Omit<Target, 'servers' | 'timeoutMs'>,
  withinMs: number,
): Promise<void> {
  const deadlineMs = runtime.clock.monotonicMs() + withinMs;
  for (;;) {
    const mine = await positionsOf(runtime, leaving, target);
    if (mine === null)
      throw new WatchError(
        'WK_UNREACHABLE',
        `${leaving.name} at ${leaving.url} does not answer, so what only it has would be lost; start it and try again, or give --force`,
      );
    const theirs = await Promise.all(others.map((server) => positionsOf(runtime, server, target)));
    const only = entriesOnlyIn(mine, theirs);
    if (only === 0) return;
    if (runtime.clock.monotonicMs() >= deadlineMs)
      throw new WatchError(
        'WK_CONFLICT',
        `${leaving.name} has ${only} journal entries that no majority of the other servers has, and they could be lost; see \`pool status\`, wait with --timeout, or give --force`,
      );
    await sleep(runtime.timers, lookEveryMs);
  }
}

/** What a server says of itself; null when it does not answer. */
async function positionsOf(
  runtime: Runtime,
  server: ServerDefinition,
  target: Omit<Target, 'servers' | 'timeoutMs'>,
): Promise<Positions | null> {
  const client = new PoolClient(
    runtime,
    { ...target, servers: [server.url], timeoutMs: askMs },
    'server remove',
  );
  try {
    return (await client.ask({ path: '/api/v1/pool' }, poolStatusSchema)).server.positions;
  } catch (error) {
    if (['WK_UNREACHABLE', 'WK_TIMEOUT', 'WK_UNAVAILABLE'].includes(codeOf(error))) return null;
    throw error;
  }
}

/**
 * Takes the server's definition away, its place in every role's order, and its offer to run etcd. WK_CONFLICT when
 * something changed.
 */
export async function removeDefinition(
  coordination: Coordination,
  { leaving, item }: Servers,
): Promise<void> {
  const { items } = await coordination.list(keys.roles);
  const touched = items.filter(({ value }) => value.includes(leaving.coreId));
  const result = await coordination.transact({
    conditions: [item, ...touched].map(({ key, revision }) => ({ key, revision })),
    writes: [
      { key: item.key, value: null },
      { key: keys.etcdMember(leaving.coreId), value: null },
      { key: keys.etcdSign(leaving.coreId), value: null },
      ...touched.map(({ key, value }) => ({ key, value: withoutServer(value, leaving.coreId) })),
    ],
  });
  if (!result.done) throw new WatchError('WK_CONFLICT', 'the pool was changed in the meantime; try again');
}

function withoutServer(value: string, coreId: string): string {
  const role = roleDefinitionSchema.parse(JSON.parse(value));
  return JSON.stringify({
    ...role,
    order: role.order.filter((one) => one !== coreId),
    pinned: role.pinned === coreId ? null : role.pinned,
  });
}
