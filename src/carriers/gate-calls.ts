import {
  isExpected,
  isOurs,
  placeKey,
  type Carriage,
  type CarrierState,
  type GateCall,
} from './address-state.ts';

/** Long enough for a planned move on a busy machine; what it costs is that much of the first opening, at most. */
export const ticketMs = 600;
/** The kernel closes up to two of its ticks (4 ms) late, and rounds a timeout up to one. */
export const kernelLateMs = 20;
/** A gate that would close again at once is not worth a call. */
const armMsMin = 50;
/** Renewals that are later than this many of their intervals come before everything else. */
const lateFactor = 1.5;
/** A call that takes longer is killed. */
export const callTimeoutMs = 500;

/** What to tell nftables next, the most urgent first; null when there is nothing to tell or a call is under way. */
export function nextGateCall(state: CarrierState, nowMs: number): GateCall | null {
  if (state.gateCall !== null || state.mode === 'lifetime') return null;
  if (state.mode === 'gate') {
    const call = closing(state, nowMs) ?? arming(state, nowMs);
    if (call !== null) return call;
  }
  if (nowMs < state.gateQuietUntilMs) return null;
  return preparing(state);
}

function preparing(state: CarrierState): GateCall | null {
  const guard = unguarded(state);
  if (guard.length > 0) return { kind: 'prepare', guard, egress: state.egress };
  const wanted = new Set([...state.defined.values()].map(placeKey));
  const gone = [...state.guarded.values()].filter(
    (place) =>
      !wanted.has(placeKey(place)) &&
      ![...state.carriages.values()].some((carriage) => placeKey(carriage.place) === placeKey(place)),
  );
  return gone.length > 0 ? { kind: 'unguard', guard: gone } : null;
}

/** Addresses of this server, on interfaces that it has, that the gate does not know yet. */
export function unguarded(state: CarrierState) {
  const { devices } = state;
  if (devices === null) return [];
  return [...state.defined.values()].filter(
    (place) => devices.has(place.device) && !state.guarded.has(placeKey(place)),
  );
}

function closing(state: CarrierState, nowMs: number): GateCall | null {
  const roles = [...state.carriages.values()].filter(
    (carriage) =>
      carriage.gate !== 'shut' &&
      !isOurs(carriage, nowMs) &&
      !(carriage.gate === 'ticket' && isExpected(carriage, nowMs)) &&
      nowMs >= carriage.quietUntilMs,
  );
  return roles.length > 0 ? { kind: 'close', roles } : null;
}

/** One kind of arming at a time: an opening first, which somebody waits for, unless renewals have waited for long. */
function arming(state: CarrierState, nowMs: number): GateCall | null {
  const ready = [...state.carriages.values()].filter(
    (carriage) => nowMs >= carriage.quietUntilMs && isGuarded(state, carriage),
  );
  const ours = ready.filter((carriage) => isOurs(carriage, nowMs));
  const { renewEveryMs } = state.config;
  const due = ours.filter(({ gate, armedMs }) => gate === 'open' && nowMs - armedMs >= renewEveryMs);
  const late = due.some(({ armedMs }) => nowMs - armedMs >= lateFactor * renewEveryMs);
  const single = due.find(({ alone }) => alone);
  const tickets = ours.filter(({ gate }) => gate === 'ticket').slice(0, 1);
  return (
    armed('open', late ? [] : tickets, nowMs) ??
    armed('renew', single === undefined ? due : [single], nowMs) ??
    armed('open', tickets, nowMs) ??
    armed('ticket', ready.filter((carriage) => mayBeTicketed(carriage, nowMs)).slice(0, 1), nowMs)
  );
}

/** A gate that closed by itself waits for a later deadline: proof that the session was renewed since. */
function mayBeTicketed(carriage: Carriage, nowMs: number): boolean {
  const isDue = isOurs(carriage, nowMs) || isExpected(carriage, nowMs);
  return carriage.gate === 'shut' && isDue && deadlineOf(carriage) > carriage.provenBeyondMs;
}

function deadlineOf({ wanted, expected }: Carriage): number {
  return wanted?.deadlineMs ?? expected?.deadlineMs ?? -Infinity;
}

function isGuarded(state: CarrierState, { place }: Carriage): boolean {
  return state.guarded.has(placeKey(place));
}

function armed(
  kind: 'ticket' | 'open' | 'renew',
  carriages: readonly Carriage[],
  nowMs: number,
): GateCall | null {
  const worth = carriages
    .map((carriage) => ({ carriage, timeoutMs: timeoutFor(kind, carriage, nowMs) }))
    .filter(({ timeoutMs }) => timeoutMs >= armMsMin);
  if (worth.length === 0) return null;
  return {
    kind,
    roles: worth.map(({ carriage }) => carriage),
    timeoutsMs: worth.map(({ timeoutMs }) => timeoutMs),
  };
}

/**
 * How long the element may live. A transaction that opens has to delete the element before, so the kernel can carry it
 * out at `untilMs` at the latest; what it adds then must still end before the deadline.
 */
function timeoutFor(kind: 'ticket' | 'open' | 'renew', carriage: Carriage, nowMs: number): number {
  const deadlineMs = deadlineOf(carriage);
  const leftMs = deadlineMs - nowMs;
  if (kind === 'ticket') return leftMs > 3 * ticketMs ? ticketMs : Math.floor(leftMs / 4);
  return Math.floor(Math.min(leftMs / 2, deadlineMs - carriage.untilMs - kernelLateMs));
}
