import { coreIdOfOrigin, type Origin, type Positions } from '../model/origin.ts';
import type { Uuid } from '../model/uuid.ts';

/** A member that lacks another server's entries gets them from us after it made no progress for this long. */
export const relayAfterMs = 1_500;

/** What one connection to a member knows of one origin. */
interface OriginProgress {
  /** Durable at the member. */
  readonly theirs: number;
  /** Sent on this connection; at least `theirs`. */
  readonly sent: number;
  /** When `theirs` moved last, or the member was first seen to lack something; our monotonic clock. */
  readonly movedMs: number;
  /** We are the one who brings another server's entries to this member. */
  readonly relaying: boolean;
}

/** Kept for the life of one connection; begin with an empty one. */
export type ForwardingState = ReadonlyMap<Origin, OriginProgress>;

export interface ForwardingInput {
  /** Core ID of this server. */
  readonly own: Uuid;
  readonly ours: Positions;
  readonly theirs: Positions;
  readonly nowMs: number;
}

export interface Sendable {
  readonly origin: Origin;
  readonly afterSeq: number;
}

/**
 * What to send to a member next, in this order. Our own entries (also those of our earlier runs) go at once. Those of
 * another server are its own business, until the member has stood still on them for `relayAfterMs`: then whoever has
 * them brings them, and goes on until the member has all, or has got ahead of what we sent, which means that somebody
 * else brings them too.
 */
export function planForwarding(
  state: ForwardingState,
  { own, ours, theirs, nowMs }: ForwardingInput,
): [ForwardingState, Sendable[]] {
  const next = new Map<Origin, OriginProgress>();
  const mine: Sendable[] = [];
  const relayed: Sendable[] = [];
  for (const [origin, have] of Object.entries(ours)) {
    const there = theirs[origin] ?? 0;
    if (there >= have) continue;
    const isOwn = coreIdOfOrigin(origin) === own;
    const progress = progressOf(state.get(origin), there, nowMs, isOwn);
    next.set(origin, progress);
    if (progress.sent >= have) continue;
    if (isOwn) mine.push({ origin, afterSeq: progress.sent });
    else if (progress.relaying) relayed.push({ origin, afterSeq: progress.sent });
  }
  return [next, [...mine, ...relayed]];
}

/** The state after everything of `origin` up to `seq` was handed to the connection. */
export function noteSent(state: ForwardingState, origin: Origin, seq: number): ForwardingState {
  const known = state.get(origin);
  return known ? new Map(state).set(origin, { ...known, sent: Math.max(known.sent, seq) }) : state;
}

function progressOf(
  known: OriginProgress | undefined,
  theirs: number,
  nowMs: number,
  isOwn: boolean,
): OriginProgress {
  if (!known) return { theirs, sent: theirs, movedMs: nowMs, relaying: false };
  const moved = theirs > known.theirs;
  const movedMs = moved ? nowMs : known.movedMs;
  const overtaken = theirs > known.sent;
  const stoodStill = nowMs - movedMs >= relayAfterMs;
  return {
    theirs,
    sent: Math.max(known.sent, theirs),
    movedMs,
    relaying: !isOwn && (overtaken ? false : known.relaying || stoodStill),
  };
}
