import type { Pool } from '../../model/definitions.ts';
import { dropAll } from './lease-session.ts';
import type { Doubt, LeaseEffect, LeaseState, Now, ViewItem } from './lease-state.ts';
import { rivalWaitMs } from './timings.ts';

/** For the log, the status and the message; closed, as the reasons of roles are. */
export const doubts = {
  back: 'the coordinator went back to an earlier state',
  lost: 'the coordinator has lost the pool',
  other: 'the coordinator is another one, or was rebuilt',
  superseded: 'the other servers have gone on with another coordinator',
  apart: 'another server goes on with a coordinator that has nothing to do with this one',
} as const;

const lookInDoubtEveryMs = 5_000;

type View = {
  readonly whole: ViewItem['kind'] | null;
  readonly asOf: number;
  readonly items: readonly ViewItem[];
};

/**
 * Whether what the coordinator shows may be taken note of. It may not while in doubt, nor when it is older than what
 * the coordinator once committed; then a write must tell, since a member of etcd that was stopped may read old data.
 */
export function mayObserve(
  state: LeaseState,
  { whole, asOf, items }: View,
  effects: LeaseEffect[],
  now: Now,
): boolean {
  const pools = items.filter((item) => item.kind === 'pool');
  const isGone = whole === 'pool' && pools.length === 0;
  if (isGone) notePool(state, null, effects, now);
  for (const { pool } of pools) notePool(state, pool, effects, now);
  if (state.doubt !== null || isProven(state, items, effects)) return false;
  if (whole !== null && asOf < state.highest) {
    state.suspected = true;
    return false;
  }
  if (state.suspected) return false;
  state.highest = Math.max(state.highest, asOf);
  return true;
}

function notePool(state: LeaseState, pool: Pool | null, effects: LeaseEffect[], now: Now): void {
  if (pool === null) {
    if (state.lineage !== null) doubt(state, doubts.lost, effects);
  } else if (state.lineage === null) {
    state.lineage = pool.lineage;
    state.before = pool.before ?? [];
    effects.push({ kind: 'lineage', lineage: pool.lineage });
  } else if (pool.lineage === state.lineage) {
    state.before = pool.before ?? [];
  } else {
    if (pool.before?.includes(state.lineage)) rejoin(state, pool, effects, now);
    else doubt(state, doubts.other, effects);
  }
}

/** From here on the coordinator counts as away: nothing is asked of it, and what we hold is for the members to confirm. */
export function doubt(state: LeaseState, because: Doubt, effects: LeaseEffect[]): void {
  if (state.doubt === because) return;
  state.doubt = because;
  state.suspected = false;
  effects.push({ kind: 'doubt', because });
}

/**
 * An operator may have confirmed while we were cut off: what the coordinator then wrote, at revisions that it gave out again, no
 * watch of ours tells any more. So whoever is in doubt reads all of it anew, now and then.
 */
export function lookInDoubt(state: LeaseState, effects: LeaseEffect[], { monotonicMs }: Now): void {
  if (state.doubt === null) state.doubtLookMs = null;
  else if (state.doubtLookMs === null) state.doubtLookMs = monotonicMs;
  else if (monotonicMs - state.doubtLookMs >= lookInDoubtEveryMs) {
    state.doubtLookMs = monotonicMs;
    effects.push({ kind: 'look again' });
  }
}

/**
 * Whether a record is older than it was: revisions of a key only rise, so the coordinator was put back, whatever was written
 * there since. A role's record may be gone, a session's never is.
 */
export function isProven(state: LeaseState, items: readonly ViewItem[], effects: LeaseEffect[]): boolean {
  const isFallen = items.some((item) => {
    const known = knownRevision(state, item);
    const mayBeGone = item.kind !== 'session' && item.revision === 0;
    return item.asOf >= known && item.revision < known && !mayBeGone;
  });
  if (isFallen) doubt(state, doubts.back, effects);
  return isFallen;
}

function knownRevision(state: LeaseState, item: ViewItem): number {
  if (item.kind === 'holder') return state.holders.get(item.role)?.revision ?? 0;
  if (item.kind !== 'session') return 0;
  const own = item.coreId === state.config.coreId ? state.sessionRevision : 0;
  return Math.max(own, state.sessions.get(item.coreId)?.revision ?? 0);
}

/** What was read as of `asOf` by a call that was sent when the coordinator had committed `knew`. */
export function isOlder(state: LeaseState, asOf: number, knew: number): boolean {
  if (asOf >= knew) return false;
  state.suspected = true;
  return true;
}

/** A write cannot come before what was committed when it was sent, unless that was taken back. False when it does. */
export function fits(state: LeaseState, revision: number, knew: number, effects: LeaseEffect[]): boolean {
  if (revision <= knew) {
    doubt(state, doubts.back, effects);
    return false;
  }
  state.highest = Math.max(state.highest, revision);
  if (state.suspected) effects.push({ kind: 'look again' });
  state.suspected = false;
  return true;
}

/**
 * An operator confirmed: everything that was known of the coordinator is dropped and read anew. What this server held
 * at this moment nobody else believes to hold, so that it may be taken again at once; everything else is left alone
 * until every belief that rests on a promise of ours is over.
 */
function rejoin(state: LeaseState, { lineage, before = [] }: Pool, effects: LeaseEffect[], now: Now): void {
  state.regains = new Set(state.held.keys());
  const { ttlMs, rho } = state.config.timings;
  const longestMs = Math.max(
    ttlMs,
    ...[...state.sessions.values()].map(({ session }) => session?.ttlMs ?? 0),
  );
  state.noTakesUntilMs = now.monotonicMs + rivalWaitMs(longestMs, rho);
  for (const [role, { holder }] of state.holders)
    state.epochs.set(role, Math.max(state.epochs.get(role) ?? 0, holder?.epoch ?? 0));
  dropAll(state, effects, 'coordinator was restored');
  Object.assign(state, {
    viewed: new Set(),
    sessions: new Map(),
    holders: new Map(),
    definitions: new Map(),
    servers: new Set(),
    own: null,
    left: new Map(),
    pending: null,
    toRead: [],
    highest: 0,
    suspected: false,
    doubt: null,
    lineage,
    before,
    isTrusted: true,
    contact: 0,
    touchedMs: now.monotonicMs,
    trustedMs: now.monotonicMs,
    awayMs: 0,
    wasAlone: false,
    sessionRevision: 0,
    heard: new Map(),
  } satisfies Partial<LeaseState>);
  effects.push({ kind: 'lineage', lineage }, { kind: 'look again' });
}

/** After a confirmation only what we held ourselves, for a while. */
export function mayTake(state: LeaseState, role: string, now: Now): boolean {
  return now.monotonicMs >= state.noTakesUntilMs || state.regains.has(role);
}
