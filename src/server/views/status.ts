import { lagEntries } from '../../journal/positions.ts';
import type { NodeStatus } from '../../messages/connections.ts';
import type { MessageStore } from '../../messages/message-store.ts';
import type { NodeView, PoolStatus } from '../../model/api.ts';
import { carrierAddress } from '../../model/carrier.ts';
import {
  actingRole,
  virtualInterfacePrefix,
  type RoleDefinition,
  type ServerDefinition,
} from '../../model/definitions.ts';
import { publishedUrls } from '../../model/published-addresses.ts';
import type { Origin, Positions } from '../../model/origin.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { CoordinatorState } from '../roles/keeper-link.ts';
import type { Copies } from '../health/copies.ts';
import type { PoolView } from './pool-view.ts';
import { livingHolder, ranks } from '../roles/role-views.ts';

interface StatusSources {
  readonly pool: PoolView;
  readonly messages: MessageStore;
  readonly copies: Copies;
  readonly self: {
    readonly coreId: Uuid;
    readonly name: string;
    readonly version: string;
    readonly origin: Origin;
  };
  readonly coordinatorKind: string;
  sharing(): PoolStatus['sharing'];
  readonly coordinatorState: CoordinatorState | null;
  positions(): Positions;
  /** What each connected member told us that it has. */
  memberPositions(coreId: Uuid): Positions | null;
}

export function poolStatus(sources: StatusSources): PoolStatus {
  const { pool, messages, copies, self } = sources;
  const definition = pool.pool();
  const positions = sources.positions();
  return {
    pool: { id: definition?.id ?? '', name: definition?.name ?? '' },
    server: { ...self, positions: { ...positions }, stateHash: messages.stateHash() },
    coordinator: coordinatorOf(sources),
    atRisk: copies.atRisk,
    members: pool.servers().map((server) => memberOf(sources, server, positions)),
    roles: pool.roles().map((role) => roleOf(pool, role)),
    messages: messages.counts(),
    serverRules: {
      active: messages.ruleProgress(actingRole)?.active ?? false,
      held: messages.held.count(),
    },
    sharing: sources.sharing(),
  };
}

/** What each of them says of itself; nobody is asked. */
function etcdOf(pool: PoolView): PoolStatus['coordinator']['etcd'] {
  const listed = [
    ...pool.servers().map((one) => ({ kind: 'server' as const, ...one })),
    ...pool.witnesses().map((one) => ({ kind: 'witness' as const, ...one })),
  ];
  return listed.flatMap(({ kind, name, coreId }) => {
    const record = pool.etcdMember(coreId);
    if (record === null) return [];
    const sign = pool.etcdSign(coreId);
    const { state = null, because = null, atMs: lastHeartbeatMs = null } = sign ?? {};
    return [{ name, kind, address: record.client, state, because, lastHeartbeatMs }];
  });
}

/** The keeper knows best; a server process without one (or before its first word) goes by its own watch. */
function coordinatorOf({ pool, coordinatorKind: kind, coordinatorState: state }: StatusSources) {
  const etcd = etcdOf(pool);
  if (state === null)
    return { reachable: pool.live, kind, confirmed: false, doubt: null, waiting: false, etcd };
  const { isAway, isConfirmed, doubt, isWaiting: waiting } = state;
  return { reachable: doubt !== null || !isAway, kind, confirmed: isConfirmed, doubt, waiting, etcd };
}

function memberOf(
  sources: StatusSources,
  server: ServerDefinition,
  ours: Positions,
): PoolStatus['members'][number] {
  const { pool, self } = sources;
  const session = pool.session(server.coreId);
  const theirs = server.coreId === self.coreId ? ours : sources.memberPositions(server.coreId);
  const acting = livingHolder(pool, actingRole);
  const holds = pool.roles().some(({ role }) => pool.holder(role)?.holder === server.coreId);
  return {
    coreId: server.coreId,
    name: server.name,
    url: server.url,
    addresses: publishedUrls(server),
    rank: ranks(pool).get(server.coreId) ?? 0,
    duty: session === null ? null : acting === server.coreId ? 'acting' : 'standby',
    state: session === null ? 'offline' : holds ? 'active' : 'passive',
    healthy: session?.healthy ?? false,
    because: session?.because ?? 'no sign of life',
    sinceMs: session?.sinceMs ?? null,
    lastHeartbeatMs: session?.renewedMs ?? null,
    version: session?.version ?? null,
    lagEntries: theirs === null ? null : lagEntries(ours, theirs),
    positions: theirs === null ? null : { ...theirs },
  };
}

function roleOf(pool: PoolView, definition: RoleDefinition): PoolStatus['roles'][number] {
  const { role } = definition;
  const held = pool.holder(role);
  const holder = livingHolder(pool, role);
  return {
    role,
    holder,
    holderName: holder === null ? null : (pool.server(holder)?.name ?? null),
    epoch: held?.epoch ?? 0,
    sinceMs: held?.sinceMs ?? 0,
    because: held?.because ?? 'first holder',
    address: carrierAddress(definition.carrier),
  };
}

/** Enrolled nodes, also those that were never heard of; a node that was removed is left out. */
export function nodeViews(pool: PoolView, statuses: readonly NodeStatus[]): NodeView[] {
  const known = new Map(statuses.map((status) => [status.coreId, status]));
  return pool.nodes().map(({ coreId, name }) => {
    const status = known.get(coreId);
    return {
      coreId,
      name,
      connectedTo: status?.server ? (pool.server(status.server)?.name ?? status.server) : null,
      sinceMs: status?.sinceMs ?? null,
      lastHeardMs: status?.lastHeardMs ?? null,
      lastMessageMs: status?.lastMessageMs ?? null,
      version: status?.version ?? null,
      address: status?.address ?? null,
      via: status?.via?.slice(virtualInterfacePrefix.length) ?? null,
    };
  });
}
