import type { Coordination } from '../../coordination/coordination.ts';
import type { PoolStatus } from '../../model/api.ts';
import { keys, roleDefinitionSchema, type RoleDefinition } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import { roleCanDrill } from '../../model/role-actions.ts';
import type { DrillRequest, RoleView } from '../../model/role-api.ts';
import type { Log } from '../../runtime/log.ts';
import type { OwnMessages } from '../health/own-messages.ts';
import type { PoolView } from '../views/pool-view.ts';
import { roleView } from './role-views.ts';

interface Ports {
  readonly coordination: Coordination;
  readonly pool: PoolView;
  readonly ownMessages: Pick<OwnMessages, 'report'>;
  readonly log: Log;
  readonly status: () => PoolStatus;
}

/**
 * Writes into the role's definition that the holder of this epoch is to lose its server process; its keeper does it when it
 * sees that (src/pool). Nothing of the pool can tell it from a crash, and nothing has to be taken back: with the next
 * holder the epoch is another one. Errors: WK_NOT_FOUND, WK_CONFLICT, WK_COORDINATOR_AWAY.
 */
export async function drillRole(
  { coordination, pool, ownMessages, log, status }: Ports,
  role: string,
  { epoch }: DrillRequest,
  by: string,
): Promise<RoleDefinition> {
  const item = await coordination.get(keys.role(role));
  if (item === null) throw new WatchError('WK_NOT_FOUND', `there is no role ${role}`);
  const definition = roleDefinitionSchema.parse(JSON.parse(item.value));
  const view = roleView(pool, definition);
  if (definition.drill?.epoch === epoch) return definition;
  if (view.epoch !== epoch)
    throw new WatchError(
      'WK_CONFLICT',
      `role ${role} has changed hands since you looked (epoch ${view.epoch}, not ${epoch}); look again`,
    );
  const verdict = roleCanDrill(drillFacts(view, status()));
  if (verdict !== true) throw new WatchError('WK_CONFLICT', verdict);
  const { done } = await coordination.transact({
    conditions: [{ key: keys.role(role), revision: item.revision }],
    writes: [{ key: keys.role(role), value: JSON.stringify({ ...definition, drill: { epoch } }) }],
  });
  if (!done)
    throw new WatchError(
      'WK_CONFLICT',
      `role ${role} is being changed by others at the same time; try again`,
    );
  log.warn('a drill was started by an operator', { role, by, epoch, holder: view.holderName });
  ownMessages.report({
    severity: 'warning',
    key: `drill:${role}:${epoch}`,
    object: role,
    text: `Drill: ${by} had ${view.holderName ?? 'the holder'} killed while it held ${role}, epoch ${epoch}; another server takes over`,
  });
  return definition;
}

function drillFacts(view: RoleView, { atRisk, coordinator, members }: PoolStatus) {
  return {
    role: view.role,
    holder: view.holderName,
    pinnedTo: view.pinned?.name ?? null,
    isMoving: view.movingTo !== null,
    atRisk,
    coordinator,
    servers: members.map(({ name, state, healthy, lagEntries, version }) => ({
      name,
      online: state !== 'offline',
      healthy,
      lagEntries,
      version,
    })),
  };
}
