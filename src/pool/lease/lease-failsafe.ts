import type { Uuid } from '../../model/uuid.ts';
import type { ServerMessage } from '../grants.ts';
import { believes } from './lease-session.ts';
import type { LeaseEffect, LeaseState, Now, OwnSession, SeenSession } from './lease-state.ts';
import { rivalWaitMs } from './timings.ts';

type Asked = Extract<ServerMessage, { kind: 'asked' }>;
type Confirmed = Extract<ServerMessage, { kind: 'confirmed' }>;

/** Rounds that may still be answered: as many as belief has room for, and one more. */
const roundsKept = 8;

/** It does not answer this keeper's calls, or what it says is in doubt. */
export function isCoordinatorAway(state: LeaseState, now: Now): boolean {
  if (state.doubt !== null) return true;
  const { renewEveryMs, callTimeoutMs } = state.config.timings;
  return now.monotonicMs - (state.heardMs ?? now.monotonicMs) > renewEveryMs + callTimeoutMs;
}

// Who holds and asks.

/**
 * Asks every member, at each renewal, to let us keep what we have. Those are the servers that the pool lists and those
 * that our record names, in whatever of our unanswered attempts the coordinator may have taken: nobody else may end it.
 */
export function askMembers(state: LeaseState, effects: LeaseEffect[], now: Now): void {
  const { own } = state;
  if (own === null || state.held.size === 0 || !believes(state, now) || !isCoordinatorAway(state, now))
    return;
  const last = own.rounds.at(-1)?.sent ?? own.confirmed;
  if (last !== null && now.monotonicMs - last.monotonicMs < state.config.timings.renewEveryMs) return;
  const { coreId, timings } = state.config;
  const members = [...new Set([...state.servers, ...own.asks])].filter((one) => one !== coreId).sort();
  const round = ++state.roundsAsked;
  const rounds = [...own.rounds, { number: round, sent: now, waiting: members }].slice(-roundsKept);
  state.own = { ...own, rounds };
  const { incarnation } = own;
  if (members.length > 0) effects.push({ kind: 'ask', round, incarnation, ttlMs: timings.ttlMs, members });
  else allConfirmed(state, { ...own, rounds }, round, effects);
}

/** An answer to one of our questions. Belief counts from when that question was sent, and never begins anew by it. */
export function takeAnswer(state: LeaseState, answer: Confirmed, effects: LeaseEffect[], now: Now): void {
  const { own } = state;
  if (own === null || own.incarnation !== answer.incarnation || !believes(state, now)) return;
  if (!answer.promised) {
    effects.push({ kind: 'refused', by: answer.from, because: answer.because });
    return;
  }
  const rounds = own.rounds.map((round) =>
    round.number === answer.round
      ? { ...round, waiting: round.waiting.filter((one) => one !== answer.from) }
      : round,
  );
  const answered = rounds.find(({ number }) => number === answer.round);
  if (answered === undefined) return;
  state.own = { ...own, rounds };
  if (answered.waiting.length === 0) allConfirmed(state, { ...own, rounds }, answer.round, effects);
}

function allConfirmed(state: LeaseState, own: OwnSession, number: number, effects: LeaseEffect[]): void {
  const round = own.rounds.find((one) => one.number === number);
  if (round === undefined) return;
  if (!isFailsafe(own)) effects.push({ kind: 'session', what: 'confirmed', incarnation: own.incarnation });
  const rounds = own.rounds.filter((one) => one.number > number);
  const newer = own.confirmed === null || round.sent.monotonicMs > own.confirmed.monotonicMs;
  state.own = { ...own, rounds, confirmed: newer ? round.sent : own.confirmed };
}

/** Whether it is the members, not the coordinator, by whom we still believe. */
export function isFailsafe({ confirmed, written }: OwnSession): boolean {
  return (
    confirmed !== null && confirmed.monotonicMs > (written?.sent.monotonicMs ?? Number.POSITIVE_INFINITY)
  );
}

// Who is asked and promises.

/** Promises not to take from the asker, or says why not. The promise counts from this step, later than the question. */
export function answerAsked(state: LeaseState, asked: Asked, effects: LeaseEffect[], now: Now): void {
  const { from, round, incarnation } = asked;
  const because = whyNoPromise(state, asked, now);
  if (because === null) {
    const ttlMs = Math.max(asked.ttlMs, state.config.timings.ttlMs);
    const untilMs = now.monotonicMs + rivalWaitMs(ttlMs, state.config.timings.rho);
    state.promises.set(from, { incarnation, untilMs });
  }
  const answer = { round, incarnation, promised: because === null, because: because ?? 'promised' };
  effects.push({ kind: 'answer', to: from, ...answer });
}

function whyNoPromise(state: LeaseState, { from, incarnation }: Asked, now: Now): string | null {
  if (!isCoordinatorAway(state, now)) return 'the coordinator answers here';
  const session = state.sessions.get(from)?.session ?? null;
  if (session?.incarnation === incarnation && session.ended) return 'its session has ended';
  return null;
}

/** Whether we promised to leave this server's roles with it. */
export function isPromised(state: LeaseState, coreId: Uuid, now: Now): boolean {
  const promise = state.promises.get(coreId);
  return promise !== undefined && now.monotonicMs < promise.untilMs;
}

/** Its owner asks those whom its record names; who is not asked cannot know whether it is still held, and keeps off. */
export function isAsked(state: LeaseState, { session }: SeenSession): boolean {
  return session?.asks === undefined || session.asks.includes(state.config.coreId);
}
