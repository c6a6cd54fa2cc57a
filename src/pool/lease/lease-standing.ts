import type { Uuid } from '../../model/uuid.ts';
import type { ServerMessage } from '../grants.ts';
import { noteFreed } from './lease-freed.ts';
import { doubt, doubts } from './lease-lineage.ts';
import { dropAll } from './lease-session.ts';
import type { LeaseEffect, LeaseState, Now } from './lease-state.ts';
import { isSilent } from './lease-view.ts';

type Stands = Extract<ServerMessage, { kind: 'stands' }>;

/** What a member told last, in this contact with the coordinator. */
export interface Heard {
  readonly lineage: string;
  /** With which revision its own session was last written, by what it knows. */
  readonly session: number;
  readonly sinceMs: number;
  readonly atMs: number;
}

/** How often members tell each other which coordinator they know, and up to where. */
const tellEveryMs = 1_000;
/** What was told longer ago is old: the next words should have come. */
const toldLatelyMs = 3_000;
/** After a cut all that was held up comes at once, the oldest first. */
const settleMs = 100;
/**
 * Nobody stops a coordinator, puts it back and starts it in less. So whoever wrote to it within this time before and after
 * finds what it wrote itself gone; and one that elects a leader takes less than half of it.
 */
const touchMs = 3_000;

/**
 * A member says which coordinator it knows. Of ours it may know more than we saw: a write that then gets a lower revision shows
 * that it was put back. One that follows on ours has taken its place: nothing that ours says counts from here on.
 */
export function hear(state: LeaseState, stands: Stands, effects: LeaseEffect[], now: Now): void {
  const { from, lineage, before, revision, session, endpoints, released = [] } = stands;
  const known = state.heard.get(from);
  const sinceMs = known?.lineage === lineage ? known.sinceMs : now.monotonicMs;
  state.heard.set(from, { lineage, session, sinceMs, atMs: now.monotonicMs });
  if (state.lineage === null) return;
  if (lineage === state.lineage) {
    state.highest = Math.max(state.highest, revision);
    noteFreed(state, from, released);
  } else if (before.includes(state.lineage)) {
    // Not only what is asked of it: the members of the new one do not know that we hold anything.
    dropAll(state, effects, 'coordinator was restored');
    doubt(state, doubts.superseded, effects);
    effects.push({ kind: 'follow', lineage, endpoints });
  } else if (state.viewed.has('pool') && !state.before.includes(lineage)) {
    // Which lineages ours goes on from, only the pool's record says.
    doubt(state, doubts.apart, effects);
  }
}

/** Tells the members where we stand, now and then and when that is another coordinator. */
export function tell(state: LeaseState, effects: LeaseEffect[], now: Now): void {
  const { lineage, before, highest, sessionRevision: session, told, server } = state;
  if (lineage === null || server === null) return;
  if (told?.lineage === lineage && now.monotonicMs - told.atMs < tellEveryMs) return;
  state.told = { lineage, atMs: now.monotonicMs };
  effects.push({ kind: 'tell', lineage, before: [...before], revision: highest, session });
}

/** A write of ours was taken: we are in touch, or again, and then everything is to be read anew. */
export function touch(
  state: LeaseState,
  write: { sentMs: number; revision: number },
  effects: LeaseEffect[],
  now: Now,
): void {
  if (now.monotonicMs - write.sentMs > touchMs) return;
  if (state.contact === null) {
    state.contact = write.revision;
    state.heard.clear();
    state.witnesses = { ...state.witnesses, heard: 0 };
    effects.push({ kind: 'look again' });
  }
  state.touchedMs = write.sentMs;
  if (!state.isTrusted) return;
  state.trustedMs = write.sentMs;
  state.awayMs = 0;
  state.wasAlone = isAlone(state, now);
}

/**
 * Whether we may take roles. What we do not know may have happened while we were not in touch: the coordinator was put
 * back to before something that only others saw, or they went on with another one. So a majority of the members vouches
 * first, ourselves included, or we were alone and away for a moment only, or an operator has confirmed.
 */
export function noteTrust(state: LeaseState, effects: LeaseEffect[], now: Now): void {
  if (state.config.isCautious !== true) return;
  state.touchedMs ??= now.monotonicMs;
  state.trustedMs ??= now.monotonicMs;
  if (now.monotonicMs - state.touchedMs > touchMs) {
    state.contact = null;
    state.isTrusted = false;
  }
  if (state.isTrusted || state.contact === null || state.doubt !== null || state.suspected) return;
  if (state.lineage === null || !state.viewed.has('server')) return;
  const { witnesses, servers, config } = state;
  if ([...state.heard.keys()].some((coreId) => isPutBack(state, coreId)))
    return doubt(state, doubts.back, effects);
  const vouched = [...servers].filter(
    (coreId) => coreId === config.coreId || vouches(state, coreId, now),
  ).length;
  const isMajority = (vouched + witnesses.heard) * 2 > servers.size + witnesses.listed;
  if (isMajority || isBackSoon(state, now)) state.isTrusted = true;
}

/** Whether a member's word, given since we are in touch, agrees with what the coordinator says of its session since then. */
function vouches(state: LeaseState, coreId: Uuid, { monotonicMs }: Now): boolean {
  const heard = state.heard.get(coreId);
  if (heard?.lineage !== state.lineage) return false;
  if (monotonicMs - heard.atMs > toldLatelyMs || monotonicMs - heard.sinceMs < settleMs) return false;
  if (heard.session === 0) return true;
  const { revision = 0, asOf = 0 } = state.sessions.get(coreId) ?? {};
  return revision >= heard.session && asOf >= (state.contact ?? Number.POSITIVE_INFINITY);
}

/** Whether the coordinator has an older record of a member's session than that member knows. */
function isPutBack(state: LeaseState, coreId: Uuid): boolean {
  const heard = state.heard.get(coreId);
  const seen = state.sessions.get(coreId);
  if (heard === undefined || heard.lineage !== state.lineage || seen === undefined) return false;
  return seen.asOf >= heard.session && seen.revision < heard.session;
}

/** Whether we were alone, and are back within the time in which nobody puts a coordinator back. */
function isBackSoon({ wasAlone, awayMs, trustedMs, witnesses }: LeaseState, now: Now): boolean {
  if (!wasAlone || awayMs === null || awayMs < 0 || trustedMs === null) return false;
  return awayMs + now.monotonicMs - trustedMs <= witnesses.memoryMs;
}

function isAlone(state: LeaseState, now: Now): boolean {
  return [...state.servers].every((coreId) => {
    if (coreId === state.config.coreId) return true;
    const seen = state.sessions.get(coreId);
    return seen === undefined || seen.session?.ended === true || isSilent(state, seen, now);
  });
}

/** For people: nothing is wrong, but no role is taken before others were heard. */
export function isWaiting(state: LeaseState): boolean {
  return !state.isTrusted && state.contact !== null && state.lineage !== null && state.doubt === null;
}
