import { settleMsDefault, type RoleDefinition, type RoleReason } from '../../model/definitions.ts';
import type { Uuid } from '../../model/uuid.ts';

export interface PlacementMember {
  readonly coreId: Uuid;
  readonly alive: boolean;
  readonly healthy: boolean;
  /** Roles whose carrier does not work there. */
  readonly cannotCarry?: readonly string[];
  /** For how long it has been both without a break, as the one who asks has seen it. */
  readonly fitForMs: number;
}

/** What the role's record says; `coreId` is null while nobody who lives holds it. */
export interface PlacementHolder {
  readonly coreId: Uuid | null;
  readonly epoch: number;
  readonly because: RoleReason;
}

export interface Placement {
  /** Null while nobody may take it. */
  readonly desired: Uuid | null;
  readonly because: RoleReason;
}

/**
 * Who should hold each role. Every server computes it from the same records, so it depends on nothing else: roles in
 * the order of their names, members in the order of their core IDs. Only how long a member has been fit is each server's
 * own knowledge; it matters to a failback alone, which is the holder's to begin.
 */
export function placeRoles(
  definitions: readonly RoleDefinition[],
  members: readonly PlacementMember[],
  holders: ReadonlyMap<string, PlacementHolder>,
): Map<string, Placement> {
  const sorted = [...members].sort((a, b) => compare(a.coreId, b.coreId));
  const loads = new Map<Uuid, number>();
  const add = (coreId: Uuid): void => void loads.set(coreId, (loads.get(coreId) ?? 0) + 1);
  for (const { coreId } of holders.values()) if (coreId !== null) add(coreId);
  const placements = new Map<string, Placement>();
  for (const definition of [...definitions].sort((a, b) => compare(a.role, b.role))) {
    const holder = holders.get(definition.role) ?? null;
    const placement = placeRole(definition, sorted, holder, loads);
    placements.set(definition.role, placement);
    if (placement.desired !== null && placement.desired !== holder?.coreId) add(placement.desired);
  }
  return placements;
}

/** `members` sorted by core ID; `loads` says how many roles each has; `holder` is null for a role never held. */
export function placeRole(
  definition: RoleDefinition,
  members: readonly PlacementMember[],
  holder: PlacementHolder | null,
  loads: ReadonlyMap<Uuid, number>,
): Placement {
  const current = holder?.coreId ?? null;
  const fit = members
    .filter(
      ({ alive, healthy, cannotCarry }) =>
        alive && healthy && cannotCarry?.includes(definition.role) !== true,
    )
    .map(({ coreId }) => coreId);
  const { pinned, move } = definition;
  // A pin is a wish, not a reason to leave the role to nobody while the pinned server is away.
  if (pinned !== null && fit.includes(pinned)) return { desired: pinned, because: 'pinned by an operator' };
  const isMoving = move !== undefined && move.epoch === (holder?.epoch ?? 0);
  if (isMoving && fit.includes(move.to)) return { desired: move.to, because: 'moved by an operator' };
  const best = bestOf(definition, fit, loads);
  if (current === null) return { desired: best, because: 'first holder' };
  if (fit.includes(current)) {
    const goesBack = best !== null && isFailback(definition, members, holder, best);
    if (!goesBack) return { desired: current, because: 'first holder' };
    return { desired: best, because: 'failback to the preferred server' };
  }
  // An unhealthy holder that lives goes on while nobody healthy is there: slow is better than nobody.
  const lives = members.some(({ coreId, alive }) => alive && coreId === current);
  return { desired: best ?? (lives ? current : null), because: 'holder is unhealthy' };
}

/** Never undoes what a person did: a role that was moved by hand stays until its holder is lost. */
function isFailback(
  definition: RoleDefinition,
  members: readonly PlacementMember[],
  holder: PlacementHolder | null,
  best: Uuid,
): boolean {
  const { failback, settleMs = settleMsDefault } = definition;
  const current = holder?.coreId ?? null;
  if (failback === 'manual' || current === null || holder?.because === 'moved by an operator') return false;
  const fitForMs = members.find(({ coreId }) => coreId === best)?.fitForMs ?? 0;
  return prefers(definition, best, current) && fitForMs >= settleMs;
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
function prefers(definition: RoleDefinition, best: Uuid, current: Uuid): boolean {
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
