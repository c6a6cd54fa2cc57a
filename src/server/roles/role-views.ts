import type { NodeStatus } from '../../messages/connections.ts';
import type { RoleChange } from '../../messages/role-history.ts';
import { carrierAddress } from '../../model/carrier.ts';
import {
  actingRole,
  isPlanned,
  settleMsDefault,
  virtualInterfacePrefix,
  type RoleDefinition,
} from '../../model/definitions.ts';
import type { RoleChangeView, RoleView, VirtualInterfaceView } from '../../model/role-api.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { PreferredInterface } from '../agents/go-back.ts';
import type { PoolView } from '../views/pool-view.ts';

/** Who holds the role; a record outlives its holder until a rival ends the session, so who has none has no role. */
export function livingHolder(pool: PoolView, role: string): Uuid | null {
  const held = pool.holder(role);
  if (!held?.holder) return null;
  return pool.session(held.holder)?.incarnation === held.incarnation ? held.holder : null;
}

export function roleView(pool: PoolView, definition: RoleDefinition): RoleView {
  const { role, failback, settleMs = settleMsDefault, pinned, move, carrier } = definition;
  const held = pool.holder(role);
  const epoch = held?.epoch ?? 0;
  const holder = livingHolder(pool, role);
  const ref = (coreId: Uuid): { coreId: Uuid; name: string } => ({
    coreId,
    name: pool.server(coreId)?.name ?? coreId,
  });
  return {
    role,
    holder,
    holderName: holder === null ? null : ref(holder).name,
    epoch,
    sinceMs: held?.sinceMs ?? 0,
    because: held?.because ?? 'first holder',
    carrier: carrier?.kind ?? null,
    address: carrierAddress(carrier),
    failback,
    settleMs,
    pinned: pinned === null ? null : ref(pinned),
    movingTo: move?.epoch === epoch && move.to !== holder ? ref(move.to) : null,
    servers: serversOf(pool, definition, holder),
  };
}

function serversOf(pool: PoolView, { order }: RoleDefinition, holder: Uuid | null): RoleView['servers'] {
  const place = (coreId: Uuid): number | null => (order.includes(coreId) ? order.indexOf(coreId) + 1 : null);
  const views = pool.servers().map(({ coreId, name }): RoleView['servers'][number] => {
    const session = pool.session(coreId);
    return {
      coreId,
      name,
      place: place(coreId),
      state: session === null ? 'offline' : coreId === holder ? 'active' : 'passive',
      healthy: session?.healthy ?? false,
      because: session?.because ?? 'no sign of life',
      lastHeartbeatMs: session?.renewedMs ?? null,
    };
  });
  return views.sort(
    (a, b) => (a.place ?? Infinity) - (b.place ?? Infinity) || (a.coreId < b.coreId ? -1 : 1),
  );
}

export function roleChangeView(pool: PoolView, change: RoleChange): RoleChangeView {
  const nameOf = (coreId: Uuid | null): string | null =>
    coreId === null ? null : (pool.server(coreId)?.name ?? null);
  return {
    ...change,
    positions: { ...change.positions },
    holderName: nameOf(change.holder),
    fromName: nameOf(change.from),
    planned: change.because === null ? null : isPlanned(change.because),
  };
}

/**
 * The configured rank of each server, 1 for the primary: by the order of the role `acting`, those that it does not name
 * behind them as they joined.
 */
export function ranks(pool: PoolView): Map<Uuid, number> {
  const order = pool.role(actingRole)?.order ?? [];
  const place = (coreId: Uuid): number => (order.includes(coreId) ? order.indexOf(coreId) : order.length);
  const servers = pool
    .servers()
    .toSorted((a, b) => place(a.coreId) - place(b.coreId) || a.joinedMs - b.joinedMs);
  return new Map(servers.map(({ coreId }, i) => [coreId, i + 1]));
}

/** A virtual interface that a server which is well holds, else any; null in a pool without one. */
export function preferredInterface(pool: PoolView): PreferredInterface | null {
  const all = pool.interfaces().map(({ role }): PreferredInterface => {
    const holder = livingHolder(pool, role);
    const isHeld = holder !== null && pool.session(holder)?.healthy === true;
    return { role, isHeld, epoch: pool.holder(role)?.epoch ?? 0 };
  });
  return all.find(({ isHeld }) => isHeld) ?? all[0] ?? null;
}

/** Agents and messages of each virtual interface; `messagesOf` is what all servers counted. */
export function interfaceViews(
  pool: PoolView,
  nodes: readonly NodeStatus[],
  messagesOf: (role: string) => number | null,
): VirtualInterfaceView[] {
  return pool.roles().flatMap((definition) => {
    const { role, carrier } = definition;
    if (!role.startsWith(virtualInterfacePrefix)) return [];
    const held = pool.holder(role);
    const holder = livingHolder(pool, role);
    const server = holder === null ? null : pool.server(holder);
    return {
      name: role.slice(virtualInterfacePrefix.length),
      role,
      address: carrierAddress(carrier),
      carrier: carrier?.kind ?? null,
      holder,
      holderName: server?.name ?? null,
      holderUrl: server?.url ?? null,
      epoch: held?.epoch ?? 0,
      sinceMs: held?.sinceMs ?? 0,
      because: held?.because ?? 'first holder',
      agents: nodes.filter(({ via }) => via === role).length,
      messages: messagesOf(role),
    };
  });
}
