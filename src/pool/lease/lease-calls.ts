import type { Transaction } from '../../coordination/coordination.ts';
import { keys, type Holder, type RoleReason } from '../../model/definitions.ts';
import { freedBy } from './lease-freed.ts';
import { isHandedOver } from './lease-handover.ts';
import { mayTake } from './lease-lineage.ts';
import { attempt, believedUntilMs, believes, isFit, isPublished, renewalDue } from './lease-session.ts';
import type {
  LeaseEffect,
  LeaseState,
  Now,
  OwnSession,
  Pending,
  SeenSession,
  Written,
} from './lease-state.ts';
import { isCarried, isFree, isOurs, mayEnd, sessionKey } from './lease-view.ts';
import type { Placement } from './placement.ts';
import { watchedPrefixes } from '../view-item.ts';

export type Placements = Pick<ReadonlyMap<string, Placement>, 'get'>;
type Conditions = Transaction['conditions'];

/** At most this many roles in one transaction; the rest follow in the next. */
const rolesPerTransaction = 32;
const kindsCount = Object.keys(watchedPrefixes).length;

/**
 * What to ask the coordinator next; one call at a time, the most urgent first. An outcome that is not known is read
 * back before anything else is written.
 */
export function nextCall(state: LeaseState, placed: Placements, effects: LeaseEffect[], now: Now): void {
  const { own } = state;
  if (state.pending !== null || state.done || now.monotonicMs < state.quietUntilMs) return;
  if (state.doubt !== null) return;
  if (state.suspected) return probe(state, effects, now);
  if (state.viewed.size < kindsCount || own === null) return;
  if (state.toRead.length > 0) return read(state, effects);
  const releases = own.written === null ? [] : releasable(state, placed, now);
  const last = state.stoppingSince !== null && state.held.size === 0 && state.carried.size === 0;
  if (last || releases.length > 0 || renewalDue(state, now))
    return writeSession(state, own, releases, last, effects, now);
  // Who is not trusted does not end sessions either: those records are what others vouch with.
  if (!believes(state, now) || !state.isTrusted) return;
  const silent = silentRival(state, now);
  if (silent !== undefined) return endRival(state, own, silent, effects);
  const takes = takeable(state, placed, now);
  if (takes.length > 0) take(state, own, takes, effects, now);
}

/** Writes something that matters to nobody, to learn which revision it gets. */
function probe(state: LeaseState, effects: LeaseEffect[], now: Now): void {
  const key = keys.probe(state.config.coreId);
  send(state, 'probe', { conditions: [], writes: [{ key, value: JSON.stringify(now.wallMs) }] }, [], effects);
}

function read(state: LeaseState, effects: LeaseEffect[]): void {
  const call = ++state.calls;
  state.pending = { call, ...sent(state), kind: 'read', keys: state.toRead };
  effects.push({ kind: 'read', call, keys: state.toRead });
}

interface Release {
  readonly holder: Holder;
  readonly revision: number;
  readonly because: RoleReason;
}

/** Records that name our session for roles we neither hold nor are about to take. */
function releasable(state: LeaseState, placed: Placements, now: Now): Release[] {
  const releases: Release[] = [];
  for (const [role, { holder, revision }] of state.holders) {
    if (!isOurs(state, holder) || state.held.has(role) || state.carried.has(role)) continue;
    if (isHandedOver(state, holder, now)) continue;
    // Dropped before its time, when a clock jumped: the server process may not have read of it yet.
    if (now.monotonicMs < (state.granted.get(role)?.deadlineMs ?? -Infinity)) continue;
    // After a lapse the first renewal decides: with it the role may simply be taken up again.
    const keep = isWanted(state, role, placed) || !believes(state, now);
    const because = state.left.get(role) ?? (keep ? null : 'holder lost its session');
    if (because !== null) releases.push({ holder, revision, because });
  }
  return releases.slice(0, rolesPerTransaction);
}

/** Whether it should be ours, and our server process is fit for it. */
export function isWanted(state: LeaseState, role: string, placed: Placements): boolean {
  return isFit(state) && placed.get(role)?.desired === state.config.coreId;
}

function writeSession(
  state: LeaseState,
  own: OwnSession,
  releases: readonly Release[],
  last: boolean,
  effects: LeaseEffect[],
  now: Now,
): void {
  const session = attempt(state, own, now, last);
  const released = releases.map(({ holder, because }) => ({
    kind: 'holder' as const,
    role: holder.role,
    holder: {
      ...holder,
      holder: null,
      incarnation: null,
      sinceMs: now.wallMs,
      because,
      previous: holder.holder,
    },
  }));
  const conditions = releases.map(({ holder, revision }) => ({ key: keys.holder(holder.role), revision }));
  const written = [{ kind: 'session' as const, coreId: session.coreId, session }, ...released];
  transact(
    state,
    last ? 'last session' : 'session',
    [ourCondition(state, own), ...conditions],
    written,
    effects,
  );
}

/** The rival that we have seen without a renewal for long enough on our own clock. */
function silentRival(state: LeaseState, now: Now): SeenSession | undefined {
  return [...state.sessions.values()].find(
    (seen) =>
      seen.session !== null &&
      seen.session.coreId !== state.config.coreId &&
      !seen.session.ended &&
      mayEnd(state, seen.session.coreId, seen, now),
  );
}

/** On the very revision that was silent: had it been renewed since, this fails, and afterwards its renewals do. */
function endRival(state: LeaseState, own: OwnSession, seen: SeenSession, effects: LeaseEffect[]): void {
  if (seen.session === null) return;
  const { coreId } = seen.session;
  const condition = { key: keys.session(coreId), revision: seen.revision };
  const session = { ...seen.session, ended: true };
  transact(
    state,
    'end',
    [ourCondition(state, own), condition],
    [{ kind: 'session', coreId, session }],
    effects,
  );
}

/** Roles that are ours by placement and free; none before the record shows our server as it is now. */
function takeable(state: LeaseState, placed: Placements, now: Now): string[] {
  if (!isPublished(state)) return [];
  const roles = [...state.definitions.keys()].filter(
    (role) =>
      !state.held.has(role) &&
      (!isCarried(state, role) || state.fitness.get(role) === null) &&
      mayTake(state, role, now) &&
      isFree(state, state.holders.get(role)?.holder ?? null, now) &&
      isWanted(state, role, placed),
  );
  return roles.sort().slice(0, rolesPerTransaction);
}

/**
 * Under the condition that nobody touched the role, that our own session still stands, and that the session which it
 * is taken from is still as we saw it.
 */
function take(
  state: LeaseState,
  own: OwnSession,
  roles: readonly string[],
  effects: LeaseEffect[],
  now: Now,
): void {
  const conditions = new Map([[sessionKey(state), own.revision]]);
  const written = roles.map((role): Written => {
    const { holder = null, revision = 0 } = state.holders.get(role) ?? {};
    conditions.set(keys.holder(role), revision);
    const isOthers = holder !== null && holder.holder !== null && holder.holder !== state.config.coreId;
    // Who gave its word holds nothing any more, however its session goes on.
    if (isOthers && freedBy(state, holder) === null)
      conditions.set(keys.session(holder.holder ?? ''), state.sessions.get(holder.holder)?.revision ?? 0);
    return { kind: 'holder', role, holder: taken(state, own, role, holder, now) };
  });
  const list = [...conditions].map(([key, revision]) => ({ key, revision }));
  transact(state, 'take', list, written, effects);
  const carried = roles.filter((role) => isCarried(state, role));
  if (carried.length > 0)
    effects.push({ kind: 'expect', roles: carried, deadlineMs: believedUntilMs(state, now) });
}

function taken(state: LeaseState, own: OwnSession, role: string, before: Holder | null, now: Now): Holder {
  const known = [before?.epoch, state.server?.alive?.epochs[role], state.epochs.get(role)];
  const epoch = 1 + Math.max(...known.map((one) => one ?? 0));
  const { coreId } = state.config;
  const because = whyTaken(state, before);
  const previous = before?.holder ?? before?.previous ?? null;
  return {
    role,
    holder: coreId,
    incarnation: own.incarnation,
    epoch,
    sinceMs: now.wallMs,
    because,
    previous,
  };
}

function whyTaken(state: LeaseState, before: Holder | null): RoleReason {
  if (before === null) return 'first holder';
  if (before.holder === null) return before.because;
  const freed = freedBy(state, before);
  if (freed !== null) return freed.because;
  return isOurs(state, before) ? 'holder regained its session' : 'holder lost its session';
}

function ourCondition(state: LeaseState, own: OwnSession): Conditions[number] {
  return { key: sessionKey(state), revision: own.revision };
}

function transact(
  state: LeaseState,
  what: Extract<Pending, { kind: 'write' }>['what'],
  conditions: Conditions,
  written: readonly Written[],
  effects: LeaseEffect[],
): void {
  const writes = written.map((one) =>
    one.kind === 'session'
      ? { key: keys.session(one.coreId), value: JSON.stringify(one.session) }
      : { key: keys.holder(one.role), value: JSON.stringify(one.holder) },
  );
  send(state, what, { conditions, writes }, written, effects);
}

function send(
  state: LeaseState,
  what: Extract<Pending, { kind: 'write' }>['what'],
  transaction: Transaction,
  written: readonly Written[],
  effects: LeaseEffect[],
): void {
  const call = ++state.calls;
  const touched = new Set([...transaction.conditions, ...transaction.writes].map(({ key }) => key));
  state.pending = { call, ...sent(state), kind: 'write', keys: [...touched], written, what };
  effects.push({ kind: 'transact', call, transaction });
}

function sent({ at, highest }: LeaseState): Pick<Pending, 'sentMs' | 'knew'> {
  return { sentMs: at?.monotonicMs ?? 0, knew: highest };
}
