import type { Coordination } from '../../coordination/coordination.ts';
import {
  holderSchema,
  keys,
  roleDefinitionSchema,
  type RoleDefinition,
  type ServerDefinition,
} from '../../model/definitions.ts';
import { spanText } from '../../model/duration.ts';
import { WatchError } from '../../model/errors.ts';
import { unreachable } from '../../model/invariant.ts';
import { roleCanMove } from '../../model/role-actions.ts';
import type { RoleRequest } from '../../model/role-api.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Log } from '../../runtime/log.ts';
import type { OwnMessages } from '../health/own-messages.ts';
import type { PoolView } from '../views/pool-view.ts';

const attemptsMax = 5;

interface Ports {
  readonly coordination: Coordination;
  readonly pool: PoolView;
  readonly ownMessages: Pick<OwnMessages, 'report'>;
  readonly log: Log;
}

/** The role's definition as the coordinator has it now, and the epoch of its last holder. */
interface Current {
  readonly definition: RoleDefinition;
  readonly revision: number;
  readonly epoch: number;
  readonly holder: Uuid | null;
}

/**
 * Changes the definition of a role as an operator asked; the keepers see it and act on it. Resolves with the new
 * definition when the coordinator has it; nothing is written where it is so already. Errors: WK_NOT_FOUND (role or
 * server), WK_CONFLICT (the target cannot take it, or it is pinned elsewhere), WK_COORDINATOR_AWAY.
 */
export async function changeRole(
  ports: Ports,
  role: string,
  request: RoleRequest,
  by: string,
): Promise<RoleDefinition> {
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const current = await read(ports.coordination, role);
    const change = changeOf(ports.pool, current, request);
    if (change === null) return current.definition;
    const definition: RoleDefinition = roleDefinitionSchema.parse({
      ...current.definition,
      ...change.fields,
    });
    const { done } = await ports.coordination.transact({
      conditions: [{ key: keys.role(role), revision: current.revision }],
      writes: [{ key: keys.role(role), value: JSON.stringify(definition) }],
    });
    if (!done) continue;
    ports.log.info('a role was changed by an operator', { role, by, change: change.text });
    ports.ownMessages.report({
      severity: 'normal',
      key: `role-definition:${role}:${current.revision}`,
      object: role,
      text: `Role ${role}: ${by} ${change.text}`,
    });
    return definition;
  }
  throw new WatchError('WK_CONFLICT', `role ${role} is being changed by others at the same time; try again`);
}

async function read(coordination: Coordination, role: string): Promise<Current> {
  const [item, held] = await Promise.all([
    coordination.get(keys.role(role)),
    coordination.get(keys.holder(role)),
  ]);
  if (item === null) throw new WatchError('WK_NOT_FOUND', `there is no role ${role}`);
  const definition = roleDefinitionSchema.parse(JSON.parse(item.value));
  const { epoch, holder } =
    held === null ? { epoch: 0, holder: null } : holderSchema.parse(JSON.parse(held.value));
  return { definition, revision: item.revision, epoch, holder };
}

/** Null where nothing is to be done. */
function changeOf(
  pool: PoolView,
  current: Current,
  request: RoleRequest,
): { readonly fields: Partial<RoleDefinition>; readonly text: string } | null {
  const { definition } = current;
  switch (request.kind) {
    case 'move':
      return moveOf(pool, current, request.server);
    case 'pin': {
      const { coreId, name } = serverNamed(pool, request.server);
      return definition.pinned === coreId
        ? null
        : { fields: { pinned: coreId }, text: `pinned it to ${name}` };
    }
    case 'unpin':
      return definition.pinned === null ? null : { fields: { pinned: null }, text: 'took its pin away' };
    case 'order': {
      const servers = request.servers.map((name) => serverNamed(pool, name));
      const order = [...new Set(servers.map(({ coreId }) => coreId))];
      if (order.join() === definition.order.join()) return null;
      const names = servers.map(({ name }) => name).join(', ');
      return { fields: { order }, text: `set its order to ${names === '' ? 'none' : names}` };
    }
    case 'failback': {
      const { failback, settleMs = definition.settleMs } = request;
      if (failback === definition.failback && settleMs === definition.settleMs) return null;
      const after = settleMs === undefined ? '' : `, after ${spanText(settleMs)}`;
      const fields = { failback, ...(settleMs === undefined ? {} : { settleMs }) };
      return { fields, text: `set its failback to ${failback}${after}` };
    }
    default:
      return unreachable(request);
  }
}

function moveOf(pool: PoolView, { definition, epoch, holder }: Current, server: string) {
  const { role, pinned } = definition;
  const { coreId, name } = serverNamed(pool, server);
  const session = pool.session(coreId);
  const verdict = roleCanMove({
    role,
    pinnedTo: pinned === null ? null : (pool.server(pinned)?.name ?? pinned),
    isHolder: holder === coreId,
    server: {
      name,
      online: session !== null,
      healthy: session?.healthy ?? false,
      because: session?.because ?? '',
      cannotCarry: session?.cannotCarry?.includes(role) ?? false,
    },
  });
  if (verdict === 'there already') return null;
  if (verdict !== true) throw new WatchError('WK_CONFLICT', verdict);
  return { fields: { move: { to: coreId, epoch } }, text: `asked to move it to ${name}` };
}

/** By name or core ID. Errors: WK_NOT_FOUND, with the names there are. */
export function serverNamed(pool: PoolView, text: string): ServerDefinition {
  const servers = pool.servers();
  const found = servers.find(({ coreId, name }) => name === text || coreId === text.toLowerCase());
  if (found) return found;
  const names = servers.map(({ name }) => name).join(', ');
  throw new WatchError('WK_NOT_FOUND', `there is no server ${text}; there are: ${names}`);
}
