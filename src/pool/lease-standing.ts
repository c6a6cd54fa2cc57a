import type { ServerMessage } from './grants.ts';
import { doubt, doubts } from './lease-lineage.ts';
import { dropAll } from './lease-session.ts';
import type { LeaseEffect, LeaseState, Now } from './lease-state.ts';

type Stands = Extract<ServerMessage, { kind: 'stands' }>;

/** How often members tell each other which coordinator they know, and up to where. */
const tellEveryMs = 1_000;

/**
 * A member says which coordinator it knows. Of ours it may know more than we saw: a write that then gets a lower revision shows
 * that it was put back. One that follows on ours has taken its place: nothing that ours says counts from here on.
 */
export function hear(state: LeaseState, stands: Stands, effects: LeaseEffect[]): void {
  const { from, lineage, before, revision, endpoints } = stands;
  state.heard.set(from, lineage);
  if (state.lineage === null) return;
  if (lineage === state.lineage) {
    state.highest = Math.max(state.highest, revision);
  } else if (before.includes(state.lineage)) {
    // Not only what is asked of it: the members of the new one do not know that we hold anything.
    dropAll(state, effects, 'coordinator was restored');
    doubt(state, doubts.superseded, effects);
    effects.push({ kind: 'follow', lineage, endpoints });
  } else if (!state.before.includes(lineage)) {
    doubt(state, doubts.apart, effects);
  }
}

/** Tells the members where we stand, now and then and when that is another coordinator. */
export function tell(state: LeaseState, effects: LeaseEffect[], now: Now): void {
  const { lineage, before, highest, told, server } = state;
  if (lineage === null || server === null) return;
  if (told?.lineage === lineage && now.monotonicMs - told.atMs < tellEveryMs) return;
  state.told = { lineage, atMs: now.monotonicMs };
  effects.push({ kind: 'tell', lineage, before: [...before], revision: highest });
}

/**
 * Whether this run may take roles at all. What it does not know may have happened while it was away: the coordinator was put
 * back to before something that only others saw, or they went on with another one. So it has heard a majority of the
 * members first, itself included, or was away for a moment only, or an operator has confirmed.
 */
export function noteTrust(state: LeaseState): void {
  if (state.isTrusted || state.doubt !== null || state.suspected) return;
  if (state.lineage === null || !state.viewed.has('server')) return;
  const { witnesses, servers, config } = state;
  const heard = [...servers].filter(
    (coreId) => coreId === config.coreId || state.heard.get(coreId) === state.lineage,
  ).length;
  const isMajority = (heard + witnesses.heard) * 2 > servers.size + witnesses.listed;
  const awayMs = config.awayMs ?? null;
  const isBack =
    awayMs !== null && awayMs >= 0 && awayMs <= witnesses.memoryMs && config.lineage === state.lineage;
  if (isMajority || isBack) state.isTrusted = true;
}

/** For people: nothing is wrong, but no role is taken before others were heard. */
export function isWaiting(state: LeaseState): boolean {
  return !state.isTrusted && state.lineage !== null && state.doubt === null;
}
