import { keys, type Holder, type RoleDefinition } from '../../model/definitions.ts';
import { unreachable } from '../../model/invariant.ts';
import type { Uuid } from '../../model/uuid.ts';
import { isAsked, isPromised } from './lease-failsafe.ts';
import { freedBy } from './lease-freed.ts';
import { believes, observeOwn } from './lease-session.ts';
import type { LeaseEffect, LeaseState, Now, SeenSession, ViewItem } from './lease-state.ts';
import { placeRoles, type Placement, type PlacementHolder } from './placement.ts';
import { rivalMayEnd } from './timings.ts';

/** Takes note of one key. An older picture than the one we have changes nothing. */
export function observe(state: LeaseState, item: ViewItem, effects: LeaseEffect[], now: Now): void {
  switch (item.kind) {
    case 'session':
      return observeSession(state, item, effects, now);
    case 'holder': {
      const { role, holder, revision, asOf } = item;
      if (asOf >= (state.holders.get(role)?.asOf ?? 0)) state.holders.set(role, { holder, revision, asOf });
      return;
    }
    case 'role':
      if (item.definition === null) {
        state.definitions.delete(item.role);
        state.fitness.delete(item.role);
      } else state.definitions.set(item.role, item.definition);
      return;
    case 'pool':
      return;
    case 'server':
      if (item.revision === 0) state.servers.delete(item.coreId);
      else state.servers.add(item.coreId);
  }
}

function observeSession(
  state: LeaseState,
  item: Extract<ViewItem, { kind: 'session' }>,
  effects: LeaseEffect[],
  now: Now,
): void {
  const known = state.sessions.get(item.coreId);
  if (known !== undefined && item.asOf < known.asOf) return;
  const { session, revision, asOf } = item;
  // The time counts from when we first saw this revision, on our own clock, however often we see it again.
  const seenMs = known?.revision === revision ? known.seenMs : now.monotonicMs;
  const seen = { session, revision, asOf, seenMs };
  state.sessions.set(item.coreId, seen);
  if (item.coreId !== state.config.coreId) return;
  state.sessionRevision = Math.max(state.sessionRevision, revision);
  observeOwn(state, seen, effects, now);
}

/** Everything of one kind: what is not listed is absent. */
export function observeWhole(
  state: LeaseState,
  whole: { kind: ViewItem['kind']; asOf: number; items: readonly ViewItem[] },
  effects: LeaseEffect[],
  now: Now,
): void {
  const { kind, asOf, items } = whole;
  for (const item of [...absent(state, kind, asOf, items), ...items]) observe(state, item, effects, now);
  state.viewed.add(kind);
}

function absent(
  state: LeaseState,
  kind: ViewItem['kind'],
  asOf: number,
  items: readonly ViewItem[],
): ViewItem[] {
  const names = new Set(items.map(nameOf));
  const gone = (known: Iterable<string>): string[] => [...known].filter((name) => !names.has(name));
  const base = { revision: 0, asOf };
  switch (kind) {
    case 'session':
      return gone([...state.sessions.keys(), state.config.coreId]).map((coreId) => ({
        ...base,
        kind,
        coreId,
        session: null,
      }));
    case 'holder':
      return gone(state.holders.keys()).map((role) => ({ ...base, kind, role, holder: null }));
    case 'role':
      return gone(state.definitions.keys()).map((role) => ({ ...base, kind, role, definition: null }));
    case 'pool':
      return [];
    case 'server':
      return gone(state.servers).map((coreId) => ({ ...base, kind, coreId }));
    default:
      return unreachable(kind);
  }
}

function nameOf(item: ViewItem): string {
  if (item.kind === 'pool') return item.kind;
  return item.kind === 'session' || item.kind === 'server' ? item.coreId : item.role;
}

/** A holder without a session record has its time counted from when we first missed it. */
export function noteMissing(state: LeaseState, now: Now): void {
  for (const { holder } of state.holders.values()) {
    const coreId = holder?.holder ?? null;
    if (coreId === null || state.sessions.has(coreId)) continue;
    state.sessions.set(coreId, { session: null, revision: 0, asOf: 0, seenMs: now.monotonicMs });
  }
}

/** Counted anew whenever a member is not fit, or another run of it is. */
export function noteFitness(state: LeaseState, now: Now): void {
  for (const coreId of state.fit.keys()) if (!state.servers.has(coreId)) state.fit.delete(coreId);
  for (const coreId of state.servers) {
    const session = state.sessions.get(coreId)?.session ?? null;
    if (!session?.healthy || !isAlive(state, coreId, now)) {
      state.fit.delete(coreId);
      continue;
    }
    const as = `${session.incarnation} ${session.origin}`;
    if (state.fit.get(coreId)?.as !== as) state.fit.set(coreId, { as, sinceMs: now.monotonicMs });
  }
}

export function isSilent(state: LeaseState, seen: SeenSession, now: Now): boolean {
  const ttlMs = Math.max(state.config.timings.ttlMs, seen.session?.ttlMs ?? 0);
  return rivalMayEnd(now.monotonicMs - seen.seenMs, ttlMs, state.config.timings.rho);
}

/** Whether we may end this session: silent for long enough, and its owner neither has our promise nor asks without us. */
export function mayEnd(state: LeaseState, coreId: Uuid, seen: SeenSession, now: Now): boolean {
  return isSilent(state, seen, now) && !isPromised(state, coreId, now) && isAsked(state, seen);
}

/** Whether the role has an address that this machine must put up. */
export function isCarried(state: LeaseState, role: string): boolean {
  return state.definitions.get(role)?.carrier?.kind === 'address';
}

function isAlive(state: LeaseState, coreId: Uuid, now: Now): boolean {
  if (coreId === state.config.coreId) return believes(state, now);
  const seen = state.sessions.get(coreId);
  if (!seen?.session || seen.session.ended) return false;
  return !isSilent(state, seen, now);
}

/** Whether the record names our present session, whatever we believe. */
export function isOurs(state: LeaseState, holder: Holder | null): holder is Holder {
  return (
    holder !== null && holder.holder === state.config.coreId && holder.incarnation === state.own?.incarnation
  );
}

/** The holder whose session lives, or null. */
function livingHolder(state: LeaseState, holder: Holder | null, now: Now): Uuid | null {
  if (holder === null || holder.holder === null || !isAlive(state, holder.holder, now)) return null;
  const incarnation =
    holder.holder === state.config.coreId
      ? state.own?.incarnation
      : state.sessions.get(holder.holder)?.session?.incarnation;
  return incarnation === holder.incarnation ? holder.holder : null;
}

/** Who should have which role, as every server of the pool works it out. */
export function placements(state: LeaseState, now: Now): Map<string, Placement> {
  const definitions: RoleDefinition[] = [...state.definitions.values()];
  const members = [...state.servers].map((coreId) => ({
    coreId,
    alive: isAlive(state, coreId, now),
    healthy: state.sessions.get(coreId)?.session?.healthy ?? false,
    cannotCarry: state.sessions.get(coreId)?.session?.cannotCarry ?? [],
    fitForMs: now.monotonicMs - (state.fit.get(coreId)?.sinceMs ?? now.monotonicMs),
  }));
  const holders = new Map<string, PlacementHolder>();
  for (const { role } of definitions) {
    const holder = state.holders.get(role)?.holder ?? null;
    if (holder === null) continue;
    const { epoch, because } = holder;
    holders.set(role, { coreId: livingHolder(state, holder, now), epoch, because });
  }
  return placeRoles(definitions, members, holders);
}

/** Whether a transaction may take this role now: nobody's, ended, or left over from a session of our own. */
export function isFree(state: LeaseState, holder: Holder | null, now: Now): boolean {
  if (holder === null || holder.holder === null) return true;
  if (holder.holder === state.config.coreId) return true;
  if (freedBy(state, holder) !== null) return true;
  const seen = state.sessions.get(holder.holder);
  if (seen === undefined || isPromised(state, holder.holder, now)) return false;
  if (seen.session === null) return isSilent(state, seen, now);
  return seen.session.ended || seen.session.incarnation !== holder.incarnation;
}

export function sessionKey(state: LeaseState): string {
  return keys.session(state.config.coreId);
}

/** An operator wants to see what happens when we are lost while we hold a role: as long as its epoch is the one they saw. */
export function isDrilled({ held, definitions }: LeaseState): boolean {
  for (const [role, { epoch }] of held) if (definitions.get(role)?.drill?.epoch === epoch) return true;
  return false;
}
