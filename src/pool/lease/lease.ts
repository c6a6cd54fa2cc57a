import type { Holder, RoleReason } from '../../model/definitions.ts';
import { unreachable } from '../../model/invariant.ts';
import type { Grant, ServerMessage } from '../grants.ts';
import { answerAsked, askMembers, takeAnswer } from './lease-failsafe.ts';
import { freedBy } from './lease-freed.ts';
import { handOver } from './lease-handover.ts';
import { fits, isOlder, isProven, lookInDoubt, mayObserve } from './lease-lineage.ts';
import { hear, noteTrust, tell, touch } from './lease-standing.ts';
import { isWanted, nextCall, type Placements } from './lease-calls.ts';
import { believedUntilMs, believes, dropAll } from './lease-session.ts';
import { copyOf } from './copy-of.ts';
import type { LeaseEffect, LeaseEvent, LeaseState } from './lease-state.ts';
import { beliefMs, ownPauseMs, quietMs } from './timings.ts';
import type { Now, Outcome, Pending, ServerProcess, ViewItem, Written } from './lease-state.ts';
import {
  isCarried,
  isDrilled,
  isOurs,
  noteFitness,
  noteMissing,
  observe,
  observeWhole,
  placements,
} from './lease-view.ts';

/**
 * The keeper's decisions: how its session is kept, what it takes, what it lets go, and what it tells its server. No
 * clock, no network, no disk: whatever happens comes in as an event, whatever is to be done goes out as an effect.
 */
export function step(state: LeaseState, event: LeaseEvent, now: Now): [LeaseState, LeaseEffect[]] {
  const next = copyOf(state);
  return [next, advance(next, event, now)];
}

/** The same step on a state that nobody else looks at: a keeper takes more than twenty a second, most without effect. */
export function advance(state: LeaseState, event: LeaseEvent, now: Now): LeaseEffect[] {
  const effects: LeaseEffect[] = [];
  forgivePause(state, now);
  state.at = now;
  state.heardMs ??= now.monotonicMs;
  // Belief ends before anything that just arrived can count on it.
  lapse(state, effects, now);
  handle(state, event, effects, now);
  decide(state, effects, now);
  return effects;
}

function handle(state: LeaseState, event: LeaseEvent, effects: LeaseEffect[], now: Now): void {
  switch (event.kind) {
    case 'tick':
      return;
    case 'view': {
      const { whole, asOf, items } = event;
      if (!mayObserve(state, event, effects, now)) return;
      if (whole !== null) return observeWhole(state, { kind: whole, asOf, items }, effects, now);
      for (const item of items) observe(state, item, effects, now);
      return;
    }
    case 'answered':
      return answered(state, event.call, event.outcome, effects, now);
    case 'server started': {
      const { process } = event;
      state.server = { process, startedMs: now.monotonicMs, heardMs: null, alive: null, killed: null };
      state.grantsSent = [];
      return;
    }
    case 'server ended':
      return serverEnded(state);
    case 'server said':
      return serverSaid(state, event.message, effects, now);
    case 'carrier closed':
      // Taken up again meanwhile, it is not.
      if (!state.held.has(event.role)) state.carried.delete(event.role);
      return;
    case 'carrier fit':
      state.fitness.set(event.role, event.because);
      return;
    case 'witnesses':
      state.witnesses = event;
      return;
    case 'stop':
      if (state.stoppingSince !== null) return;
      state.stoppingSince = now;
      if (state.server !== null) effects.push({ kind: 'stop server' });
      return;
    default:
      unreachable(event);
  }
}

function decide(state: LeaseState, effects: LeaseEffect[], now: Now): void {
  if (state.done) return;
  noteMissing(state, now);
  noteFitness(state, now);
  lapse(state, effects, now);
  lookInDoubt(state, effects, now);
  noteTrust(state, effects, now);
  tell(state, effects, now);
  askMembers(state, effects, now);
  dropForeign(state, effects);
  watchServer(state, effects, now);
  const placed = placedWhenAsked(state, now);
  askToLeave(state, placed, effects);
  finishLeaving(state, now);
  grant(state, effects, now);
  carry(state, effects, now);
  expectMoves(state, placed, effects, now);
  handOver(state, placed, effects, now);
  nextCall(state, placed, effects, now);
  giveUpStopping(state, effects, now);
}

/** Worked out only where somebody asks: a standby with nothing to take never does. */
function placedWhenAsked(state: LeaseState, now: Now): Placements {
  let placed: Placements | null = null;
  return { get: (role) => (placed ??= placements(state, now)).get(role) };
}

// Our session.

function lapse(state: LeaseState, effects: LeaseEffect[], now: Now): void {
  if (state.held.size === 0 || believes(state, now)) return;
  effects.push({ kind: 'session', what: 'lapsed', incarnation: state.own?.incarnation ?? '' });
  dropAll(state, effects, 'holder lost its session');
}

/** Never act on a read; but to stop acting, a read is reason enough. */
function dropForeign(state: LeaseState, effects: LeaseEffect[]): void {
  for (const [role, { epoch }] of state.held) {
    const holder = state.holders.get(role)?.holder ?? null;
    if (isOurs(state, holder) && holder.epoch === epoch) continue;
    state.held.delete(role);
    const because = holder?.because ?? 'definition changed';
    effects.push({ kind: 'changed', change: { role, change: 'dropped', epoch, because, unheldMs: null } });
  }
}

function answered(state: LeaseState, call: number, outcome: Outcome, effects: LeaseEffect[], now: Now): void {
  const { pending } = state;
  if (pending?.call !== call) return;
  state.pending = null;
  if (outcome.kind === 'unknown') return failed(state, pending.keys, state.config.timings.retryMs, now);
  state.heardMs = now.monotonicMs;
  if (outcome.kind === 'read') {
    state.toRead = [];
    if (outcome.items.some(({ asOf }) => isOlder(state, asOf, pending.knew))) return;
    if (isProven(state, outcome.items, effects)) return;
    for (const item of outcome.items) observe(state, item, effects, now);
    return;
  }
  const { result } = outcome;
  // Losing one race is normal and is read at once; losing many in a row is a reason to breathe.
  if (!result.done)
    return failed(state, result.failed, state.failures < 3 ? 0 : state.config.timings.retryMs, now);
  state.failures = 0;
  if (!fits(state, result.revision, pending.knew, effects)) return;
  if (pending.kind !== 'write') return;
  touch(state, { sentMs: pending.sentMs, revision: result.revision }, effects, now);
  succeeded(state, pending, result.revision, effects, now);
}

function failed(state: LeaseState, toRead: readonly string[], pauseMs: number, now: Now): void {
  state.toRead = toRead;
  state.failures++;
  state.quietUntilMs = now.monotonicMs + pauseMs;
}

function succeeded(
  state: LeaseState,
  pending: Extract<Pending, { kind: 'write' }>,
  revision: number,
  effects: LeaseEffect[],
  now: Now,
): void {
  const before = new Map(state.holders);
  for (const one of pending.written)
    if (pending.what !== 'last session' || one.kind !== 'session')
      observe(state, itemOf(one, revision), effects, now);
  for (const one of pending.written) {
    if (one.kind === 'session') {
      if (pending.what === 'end') endPortOwners(state, one, effects);
      continue;
    }
    const { role, holder } = one;
    const { epoch, because } = holder;
    state.left.delete(role);
    if (holder.holder === null) {
      effects.push({ kind: 'changed', change: { role, change: 'released', epoch, because, unheldMs: null } });
    } else if (isOurs(state, holder)) {
      const earlier = before.get(role)?.holder ?? null;
      const freeMs = earlier === null ? null : freeSinceMs(state, earlier);
      const previous = holder.previous ?? null;
      const from = { holder: previous, epoch: earlier?.epoch ?? 0, freeSinceMs: freeMs };
      state.held.set(role, { epoch, because, before: from, grantedUntilMs: 0, leaving: null });
      const unheldMs = freeMs === null ? null : Math.max(0, holder.sinceMs - freeMs);
      effects.push({ kind: 'changed', change: { role, change: 'taken', epoch, because, unheldMs } });
    }
  }
  if (pending.what === 'last session') finish(state, effects);
}

function itemOf(written: Written, revision: number): ViewItem {
  return { ...written, revision, asOf: revision };
}

/** When a role became free: released, or last renewed by a session that then fell silent. Wall clocks, for people. */
function freeSinceMs(state: LeaseState, earlier: Holder): number | null {
  if (earlier.holder === null) return earlier.sinceMs;
  const freed = freedBy(state, earlier);
  if (freed !== null) return freed.sinceMs;
  if (earlier.holder === state.config.coreId) return state.droppedMs;
  return state.sessions.get(earlier.holder)?.session?.renewedMs ?? earlier.sinceMs;
}

/** A frozen process goes on owning the port it listens on; whoever takes over on this machine needs it free. */
function endPortOwners(
  state: LeaseState,
  { coreId, session }: Extract<Written, { kind: 'session' }>,
  effects: LeaseEffect[],
): void {
  const listens = [...state.holders.values()].some(
    ({ holder }) =>
      holder?.holder === coreId &&
      holder.incarnation === session.incarnation &&
      state.definitions.get(holder.role)?.carrier?.kind === 'listen',
  );
  if (listens) effects.push({ kind: 'end processes', processes: session.processes });
}

// Our server process.

function forgivePause(state: LeaseState, now: Now): void {
  const { at, server } = state;
  if (at === null || server === null) return;
  const gapMs = now.monotonicMs - at.monotonicMs;
  if (gapMs < ownPauseMs(state.config.timings)) return;
  const heardMs = server.heardMs === null ? null : server.heardMs + gapMs;
  state.server = { ...server, heardMs, startedMs: server.startedMs + gapMs };
}

/** Dead is the surest way not to act: its roles may go at once. */
function serverEnded(state: LeaseState): void {
  const stopping = state.stoppingSince === null ? 'server process ended' : 'server is stopping';
  for (const role of state.held.keys()) state.left.set(role, state.server?.killed ?? stopping);
  state.held.clear();
  state.granted.clear();
  state.server = null;
  state.grantsSent = [];
}

function serverSaid(state: LeaseState, message: ServerMessage, effects: LeaseEffect[], now: Now): void {
  if (state.server === null || state.server.killed !== null) return;
  if (message.kind === 'alive') {
    state.server = { ...state.server, heardMs: now.monotonicMs, alive: message };
    for (const [role, { epoch }] of state.held)
      if ((message.epochs[role] ?? 0) > epoch) leave(state, role, 'a higher epoch was met', effects);
    return;
  }
  if (message.kind === 'asked') return answerAsked(state, message, effects, now);
  if (message.kind === 'confirmed') return takeAnswer(state, message, effects, now);
  if (message.kind === 'stands') return hear(state, message, effects, now);
  if (state.granted.get(message.role)?.epoch === message.epoch) state.granted.delete(message.role);
  const held = state.held.get(message.role);
  if (held?.epoch !== message.epoch) return;
  state.left.set(message.role, held.leaving ?? 'holder released it');
  state.held.delete(message.role);
}

function watchServer(state: LeaseState, effects: LeaseEffect[], now: Now): void {
  const { server, stoppingSince } = state;
  if (server === null || server.killed !== null) return;
  const { hungAfterMs, startWithinMs, stopBudgetMs } = state.config.timings;
  const silentMs = now.monotonicMs - (server.heardMs ?? server.startedMs);
  const hung = silentMs >= (server.heardMs === null ? startWithinMs : hungAfterMs);
  const slow =
    stoppingSince !== null &&
    state.held.size > 0 &&
    now.monotonicMs - stoppingSince.monotonicMs >= stopBudgetMs;
  if (!hung && !slow && !isDrilled(state)) return;
  const because = hung ? 'server process hung' : slow ? 'server is stopping' : 'killed in a drill';
  state.server = { ...server, killed: because };
  effects.push({ kind: 'kill server', because });
  for (const role of state.held.keys()) leave(state, role, because, effects);
}

function leave(state: LeaseState, role: string, because: RoleReason, effects: LeaseEffect[]): void {
  const held = state.held.get(role);
  if (held === undefined || held.leaving !== null) return;
  state.held.set(role, { ...held, leaving: because });
  const { epoch } = held;
  effects.push({ kind: 'changed', change: { role, change: 'leaving', epoch, because, unheldMs: null } });
}

function askToLeave(state: LeaseState, placed: Placements, effects: LeaseEffect[]): void {
  for (const role of state.held.keys()) {
    const placement = placed.get(role);
    if (state.stoppingSince !== null) leave(state, role, 'server is stopping', effects);
    else if (placement === undefined) leave(state, role, 'definition changed', effects);
    else if (placement.desired !== null && placement.desired !== state.config.coreId)
      leave(state, role, placement.because, effects);
  }
}

/** Left when the server process can no longer act: none there, never granted, or its last deadline over. */
function finishLeaving(state: LeaseState, now: Now): void {
  for (const [role, { leaving, grantedUntilMs }] of state.held) {
    if (leaving === null) continue;
    if (state.server !== null && now.monotonicMs < grantedUntilMs) continue;
    state.held.delete(role);
    state.left.set(role, leaving);
  }
}

function grant(state: LeaseState, effects: LeaseEffect[], now: Now): void {
  if (state.server === null || (state.held.size === 0 && state.grantsSent.length === 0)) return;
  const deadlineMs = grantableUntilMs(state, state.server, now);
  const grants: Grant[] = [];
  for (const [role, held] of [...state.held].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (held.leaving !== null || state.server.alive === null) continue;
    const { epoch, because, before } = held;
    grants.push({ role, epoch, deadlineMs, because, ...(before ? { before } : {}) });
    if (deadlineMs > held.grantedUntilMs) state.held.set(role, { ...held, grantedUntilMs: deadlineMs });
  }
  if (areSame(grants, state.grantsSent)) return;
  state.grantsSent = grants;
  for (const each of grants) state.granted.set(each.role, each);
  effects.push({ kind: 'grant', grants });
}

/** Why and from whom a role was taken does not change while its epoch stands. */
function areSame(grants: readonly Grant[], others: readonly Grant[]): boolean {
  return (
    grants.length === others.length &&
    grants.every(({ role, epoch, deadlineMs }, index) => {
      const other = others[index];
      return other?.role === role && other.epoch === epoch && other.deadlineMs === deadlineMs;
    })
  );
}

/**
 * A server process that says nothing gets no later deadline: one that hangs where even SIGKILL does not reach it, on a disk
 * that does not answer, has then stopped acting by the clock not much after it counts as hung.
 */
function grantableUntilMs(state: LeaseState, { heardMs, startedMs }: ServerProcess, now: Now): number {
  const lastMs = (heardMs ?? startedMs) + quietMs(state.config.timings);
  return Math.min(believedUntilMs(state, now), lastMs + beliefMs(state.config.timings));
}

/**
 * Until the server process has stopped acting, so that its goodbyes still get out; gone with the role at the latest.
 * A role whose definition was removed is carried to its end.
 */
function carry(state: LeaseState, effects: LeaseEffect[], now: Now): void {
  if (state.held.size === 0 && state.carriedSent === '[]') return;
  const deadlineMs = believedUntilMs(state, now);
  const roles = [...state.held]
    .filter(([role]) => isCarried(state, role) || state.carried.has(role))
    .map(([role, { epoch }]) => ({ role, epoch, deadlineMs }));
  for (const { role } of roles) state.carried.add(role);
  const text = JSON.stringify(roles);
  if (text === state.carriedSent) return;
  state.carriedSent = text;
  effects.push({ kind: 'carry', roles });
}

/**
 * A role that its holder is about to let go to us: what may be made ready for its address is, so that nobody waits for it
 * between the release and our taking it. It opens nothing.
 */
function expectMoves(state: LeaseState, placed: Placements, effects: LeaseEffect[], now: Now): void {
  for (const role of state.expected.keys()) if (!state.definitions.has(role)) state.expected.delete(role);
  const roles = [...state.definitions.keys()].filter((role) => {
    if (!isCarried(state, role)) return false;
    const holder = state.holders.get(role)?.holder ?? null;
    if (holder === null || holder.holder === null || holder.holder === state.config.coreId) return false;
    return isWanted(state, role, placed) && state.expected.get(role) !== holder.epoch;
  });
  if (roles.length === 0) return;
  for (const role of roles) state.expected.set(role, state.holders.get(role)?.holder?.epoch ?? 0);
  effects.push({ kind: 'expect', roles, deadlineMs: believedUntilMs(state, now) });
}

function giveUpStopping(state: LeaseState, effects: LeaseEffect[], now: Now): void {
  if (state.stoppingSince === null) return;
  const { ttlMs, stopBudgetMs } = state.config.timings;
  const never = state.own === null || (state.own.written === null && state.own.attempts.length === 0);
  if (never || now.monotonicMs - state.stoppingSince.monotonicMs >= ttlMs + stopBudgetMs)
    finish(state, effects);
}

function finish(state: LeaseState, effects: LeaseEffect[]): void {
  if (state.done) return;
  state.done = true;
  effects.push({ kind: 'stopped' });
}
