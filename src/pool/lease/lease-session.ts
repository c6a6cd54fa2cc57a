import type { RoleReason, Session } from '../../model/definitions.ts';
import type { LeaseEffect, LeaseState, Now, OwnSession, SeenSession } from './lease-state.ts';
import { beliefMs } from './timings.ts';

/** More attempts than this are never without an outcome: there is one call at a time. */
const attemptsKept = 8;
/** The two clocks differ by less than this while the machine is awake. */
const clockJitterMs = 50;
/** As the session's record bounds them. */
const rolesNamedMax = 256;
const textMax = 256;

/** How long ago our last renewal was sent, by whichever clock says more: the monotonic one stops while a machine sleeps. */
function elapsedMs(sent: Now, now: Now): number {
  const monotonicMs = now.monotonicMs - sent.monotonicMs;
  const wallMs = now.wallMs - sent.wallMs;
  return wallMs > monotonicMs + clockJitterMs ? wallMs : monotonicMs;
}

/** Until when, on the monotonic clock, our session is ours; in the past when it is not. */
export function believedUntilMs(state: LeaseState, now: Now): number {
  const { written = null, confirmed = null } = state.own ?? {};
  if (written === null) return -Infinity;
  const later = confirmed !== null && confirmed.monotonicMs > written.sent.monotonicMs;
  const sent = later ? confirmed : written.sent;
  const sleptMs = elapsedMs(sent, now) - (now.monotonicMs - sent.monotonicMs);
  return sent.monotonicMs + beliefMs(state.config.timings) - sleptMs;
}

export function believes(state: LeaseState, now: Now): boolean {
  return now.monotonicMs < believedUntilMs(state, now);
}

/** What the record says about our server process. */
function health(
  state: LeaseState,
): Pick<Session, 'healthy' | 'because' | 'lagMs' | 'origin' | 'processes' | 'cannotCarry'> {
  const { server } = state;
  const alive = server?.alive ?? null;
  const unfit = unfitFor(state);
  const unwell = (because: string) => ({ healthy: false, because });
  const base = {
    lagMs: alive?.lagMs ?? 0,
    origin: alive?.origin ?? null,
    processes: server === null ? [] : [server.process],
    ...(unfit.length > 0 ? { cannotCarry: unfit.map(([role]) => role) } : {}),
  };
  if (state.stoppingSince !== null) return { ...base, ...unwell('server is stopping') };
  if (server === null) return { ...base, ...unwell('server process is not running') };
  if (server.killed !== null) return { ...base, ...unwell(server.killed) };
  if (alive === null) return { ...base, ...unwell('server process is starting') };
  const [first] = unfit;
  if (alive.healthy && first !== undefined)
    return { ...base, healthy: true, because: `${first[0]}: ${first[1]}`.slice(0, textMax) };
  return { ...base, healthy: alive.healthy, because: alive.because };
}

function unfitFor(state: LeaseState): [string, string][] {
  const unfit: [string, string][] = [];
  for (const [role, because] of state.fitness)
    if (because !== null && unfit.length < rolesNamedMax) unfit.push([role, because]);
  return unfit;
}

/** The part of it that others must hear of at once. Compared in every step, so no JSON. */
function urgentHealth(state: LeaseState): string {
  const { healthy, origin, processes, cannotCarry = [] } = health(state);
  const owners = processes.map(({ pid, startTicks, bootId }) => `${pid} ${startTicks} ${bootId}`);
  return `${healthy} ${origin} ${owners.join()} ${cannotCarry.join()}`;
}

/** Whether the record in the coordinator says of us what is true now. */
export function isPublished(state: LeaseState): boolean {
  return state.own?.written?.health === urgentHealth(state);
}

export function isFit(state: LeaseState): boolean {
  return health(state).healthy;
}

export function renewalDue(state: LeaseState, now: Now): boolean {
  const last = state.own?.attempts.at(-1);
  if (last === undefined || state.own?.written === null) return true;
  const { renewEveryMs, retryMs } = state.config.timings;
  const everyMs = believes(state, now) ? renewEveryMs : retryMs;
  if (now.monotonicMs - last.sent.monotonicMs >= everyMs) return true;
  // While a gate is being shut the release that follows at once says it too, and would only have to wait for this one.
  return !isPublished(state) && ![...state.left.keys()].some((role) => state.carried.has(role));
}

/** Notes the attempt before it is sent: belief will count from here. */
export function attempt(state: LeaseState, own: OwnSession, now: Now, ended: boolean): Session {
  const number = ++state.attemptsMade;
  const asks = [...state.servers].filter((coreId) => coreId !== state.config.coreId).sort();
  const made = { number, sent: now, health: urgentHealth(state), asks };
  state.own = {
    ...own,
    attempts: [...own.attempts, made].slice(-attemptsKept),
    asks: union([own.asks, asks]),
  };
  return {
    coreId: state.config.coreId,
    incarnation: own.incarnation,
    renewals: number,
    ended,
    sinceMs: own.sinceMs,
    renewedMs: now.wallMs,
    version: state.config.version,
    ttlMs: state.config.timings.ttlMs,
    asks,
    ...health(state),
  };
}

/**
 * Our own record, as read, watched or just written. With our incarnation and not ended it is ours, and belief counts
 * from when the very attempt that it names was sent; otherwise the session is gone, and with it everything.
 */
export function observeOwn(state: LeaseState, seen: SeenSession, effects: LeaseEffect[], now: Now): void {
  const { own } = state;
  if (own === null) return startSession(state, seen, effects, now);
  if (seen.asOf < own.asOf) return;
  const { session, revision, asOf } = seen;
  if (session?.incarnation === own.incarnation && !session.ended) {
    const found = own.attempts.find(({ number }) => number === session.renewals);
    const newer = found !== undefined && found.number > (own.written?.number ?? 0);
    state.own = newer ? accepted({ ...own, revision, asOf }, found, effects) : { ...own, revision, asOf };
  } else if (own.written === null && session?.incarnation !== own.incarnation) {
    state.own = { ...own, revision, asOf };
  } else {
    effects.push({ kind: 'session', what: 'lost', incarnation: own.incarnation });
    dropAll(state, effects, 'holder lost its session');
    startSession(state, seen, effects, now);
  }
}

/** The record is this attempt's, or one's that was sent since and has no outcome yet. */
function accepted(
  own: OwnSession,
  attempt: OwnSession['attempts'][number],
  effects: LeaseEffect[],
): OwnSession {
  const since = own.attempts.filter(({ number }) => number >= attempt.number);
  const asks = union(since.map((one) => one.asks));
  const { confirmed } = own;
  if (confirmed === null) return { ...own, written: attempt, asks };
  const isBack = attempt.sent.monotonicMs >= confirmed.monotonicMs;
  if (isBack) effects.push({ kind: 'session', what: 'renewed', incarnation: own.incarnation });
  return { ...own, written: attempt, asks, rounds: [], confirmed: isBack ? null : confirmed };
}

function union(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())];
}

function startSession(state: LeaseState, seen: SeenSession, effects: LeaseEffect[], now: Now): void {
  const incarnation = `${state.config.run}.${++state.sessionsStarted}`;
  const { revision, asOf } = seen;
  state.droppedMs ??= seen.session?.renewedMs ?? null;
  const unasked = { asks: [], rounds: [], confirmed: null };
  state.own = { incarnation, sinceMs: now.wallMs, revision, asOf, attempts: [], written: null, ...unasked };
  state.left.clear();
  effects.push({ kind: 'session', what: 'started', incarnation });
}

/** Belief first: whatever the coordinator says later, from here on we hold nothing. */
export function dropAll(state: LeaseState, effects: LeaseEffect[], because: RoleReason): void {
  if (state.held.size > 0) state.droppedMs = state.at?.wallMs ?? null;
  for (const [role, { epoch }] of state.held)
    effects.push({ kind: 'changed', change: { role, change: 'dropped', epoch, because, unheldMs: null } });
  state.held.clear();
}
