import type { RoleDefinition, RoleReason } from '../model/definitions.ts';
import type { Uuid } from '../model/uuid.ts';

export interface PlacementMember {
  readonly coreId: Uuid;
  readonly alive: boolean;
  readonly healthy: boolean;
}

export interface Placement {
  /** Null while nobody may take it. */
  readonly desired: Uuid | null;
  readonly because: RoleReason;
}

/**
 * Who should hold each role. Every server computes it from the same records, so it depends on nothing else: roles in
 * the order of their names, members in the order of their core IDs. `holders` has the holders whose sessions live.
 */
export function placeRoles(
  definitions: readonly RoleDefinition[],
  members: readonly PlacementMember[],
  holders: ReadonlyMap<string, Uuid>,
): Map<string, Placement> {
  const sorted = [...members].sort((a, b) => compare(a.coreId, b.coreId));
  const loads = new Map<Uuid, number>();
  const add = (coreId: Uuid): void => void loads.set(coreId, (loads.get(coreId) ?? 0) + 1);
  for (const coreId of holders.values()) add(coreId);
  const placements = new Map<string, Placement>();
  for (const definition of [...definitions].sort((a, b) => compare(a.role, b.role))) {
    const current = holders.get(definition.role) ?? null;
    const placement = placeRole(definition, sorted, current, loads);
    placements.set(definition.role, placement);
    if (placement.desired !== null && placement.desired !== current) add(placement.desired);
  }
  return placements;
}

/** `members` sorted by core ID; `loads` says how many roles each has. */
export function placeRole(
  definition: RoleDefinition,
  members: readonly PlacementMember[],
  current: Uuid | null,
  loads: ReadonlyMap<Uuid, number>,
): Placement {
  const fit = members.filter(({ alive, healthy }) => alive && healthy).map(({ coreId }) => coreId);
  const { pinned, failback } = definition;
  // A pin is a wish, not a reason to leave the role to nobody while the pinned server is away.
  if (pinned !== null && fit.includes(pinned)) return { desired: pinned, because: 'pinned by an operator' };
  const best = bestOf(definition, fit, loads);
  if (current === null) return { desired: best, because: 'first holder' };
  if (fit.includes(current)) {
    if (failback === 'manual' || best === current || !prefers(definition, best, current))
      return { desired: current, because: 'first holder' };
    return { desired: best, because: 'failback to the preferred server' };
  }
  // An unhealthy holder that lives goes on while nobody healthy is there: slow is better than nobody.
  const lives = members.some(({ coreId, alive }) => alive && coreId === current);
  return { desired: best ?? (lives ? current : null), because: 'holder is unhealthy' };
}

/** Listed servers in their order, then the least loaded, then by core ID. */
function bestOf(
  definition: RoleDefinition,
  fit: readonly Uuid[],
  loads: ReadonlyMap<Uuid, number>,
): Uuid | null {
  const listed = definition.order.find((coreId) => fit.includes(coreId));
  if (listed !== undefined) return listed;
  const byLoad = [...fit].sort((a, b) => (loads.get(a) ?? 0) - (loads.get(b) ?? 0) || compare(a, b));
  return byLoad[0] ?? null;
}

/** Only the order makes a server preferred; a smaller load is no reason to move a role that is held. */
function prefers(definition: RoleDefinition, best: Uuid | null, current: Uuid): boolean {
  if (best === null) return false;
  const rank = (coreId: Uuid): number => {
    const index = definition.order.indexOf(coreId);
    return index === -1 ? definition.order.length : index;
  };
  return rank(best) < rank(current);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
