import { unreachable } from '../model/invariant.ts';
import { nextAddressCall } from './address-calls.ts';
import { gateAnswered } from './gate-answered.ts';
import { addressAnswered } from './address-answered.ts';
import {
  copyOfCarrier,
  isExpected,
  isOurs,
  newCarriage,
  placeKey,
  type Carriage,
  type CarrierEffect,
  type CarrierEvent,
  type CarrierState,
} from './address-state.ts';
import { nextGateCall, ticketMs } from './gate-calls.ts';
import { unfitBecause } from './fitness.ts';

/** After the first announcement; then every `announceEveryMs`, for switches and neighbours that forgot. */
const announceAfterMs = [0, 200, 1_000];
const announceEveryMs = 60_000;

/** Decides what becomes of the addresses of this server. Everything comes in as an event and goes out as an effect. */
export function stepCarrier(
  state: CarrierState,
  event: CarrierEvent,
  nowMs: number,
): [CarrierState, CarrierEffect[]] {
  const next = copyOfCarrier(state);
  const effects: CarrierEffect[] = [];
  handle(next, event, effects, nowMs);
  match(next);
  finishClosed(next, effects, nowMs);
  tellFitness(next, effects);
  call(next, effects, nowMs);
  announce(next, effects, nowMs);
  return [next, effects];
}

function handle(state: CarrierState, event: CarrierEvent, effects: CarrierEffect[], nowMs: number): void {
  switch (event.kind) {
    case 'tick':
      return;
    case 'define':
      if (isSame(state.defined, event.places)) return;
      state.defined = event.places;
      // What interfaces there are, and whether the address is on one, must be known anew.
      state.lookedMs = -Infinity;
      return;
    case 'carry':
      state.carried = new Map(event.roles.map((role) => [role.role, role]));
      return;
    case 'expect':
      return expect(state, event, nowMs);
    case 'gate answered':
      state.gateCall = null;
      return gateAnswered(state, event.call, event.result, effects, nowMs);
    case 'address answered':
      state.addressCall = null;
      return addressAnswered(state, event, effects, nowMs);
    default:
      unreachable(event);
  }
}

/** What else may change about a role, say who shall hold it, is nothing to us, least of all while it is on the move. */
function isSame(before: CarrierState['defined'], now: CarrierState['defined']): boolean {
  return (
    before.size === now.size &&
    [...now].every(([role, place]) => JSON.stringify(before.get(role)) === JSON.stringify(place))
  );
}

function expect(state: CarrierState, event: Extract<CarrierEvent, { kind: 'expect' }>, nowMs: number): void {
  const expected = { untilMs: nowMs + ticketMs, deadlineMs: event.deadlineMs };
  for (const role of event.roles) {
    const place = state.defined.get(role);
    if (place === undefined || state.told.get(role) !== null || state.mode !== 'gate') continue;
    const carriage = state.carriages.get(role) ?? newCarriage(role, place);
    state.carriages.set(role, { ...carriage, expected });
  }
}

/** Puts what is ours beside what is carried. A place that was defined anew first ends where it was. */
function match(state: CarrierState): void {
  for (const role of state.carried.keys()) {
    const place = state.defined.get(role);
    const fit = state.told.get(role) === null;
    if (place !== undefined && fit && !state.carriages.has(role))
      state.carriages.set(role, newCarriage(role, place));
  }
  for (const [role, carriage] of state.carriages) {
    const place = state.defined.get(role) ?? carriage.place;
    const stays = placeKey(place) === placeKey(carriage.place);
    state.carriages.set(role, { ...carriage, wanted: stays ? (state.carried.get(role) ?? null) : null });
  }
}

function finishClosed(state: CarrierState, effects: CarrierEffect[], nowMs: number): void {
  for (const [role, carriage] of state.carriages) {
    if (carriage.wanted !== null || isBusy(state, role)) continue;
    if (carriage.gate !== 'shut' || carriage.present || isExpected(carriage, nowMs)) continue;
    // A call that was cut short may still have left something behind in the kernel.
    if (nowMs < carriage.untilMs) continue;
    state.carriages.delete(role);
    effects.push({ kind: 'closed', role });
  }
}

function isBusy({ gateCall, addressCall }: CarrierState, role: string): boolean {
  const inGate =
    gateCall !== null && 'roles' in gateCall && gateCall.roles.some((each) => each.role === role);
  return inGate || (addressCall !== null && 'carriage' in addressCall && addressCall.carriage.role === role);
}

function tellFitness(state: CarrierState, effects: CarrierEffect[]): void {
  for (const role of state.told.keys()) if (!state.defined.has(role)) state.told.delete(role);
  for (const [role, place] of state.defined) {
    const because = unfitBecause(state, role, place);
    if (because === undefined || state.told.get(role) === because) continue;
    state.told.set(role, because);
    effects.push({ kind: 'fit', role, because });
    if (because !== null)
      effects.push({
        kind: 'say',
        level: 'error',
        text: 'an address cannot be carried',
        fields: { role, because },
      });
  }
}

function call(state: CarrierState, effects: CarrierEffect[], nowMs: number): void {
  const gate = nextGateCall(state, nowMs);
  if (gate !== null) {
    state.gateCall = gate;
    effects.push({ kind: 'gate', call: gate });
  }
  const address = nextAddressCall(state, nowMs);
  if (address !== null) {
    state.addressCall = address;
    effects.push({ kind: 'address', call: address });
  }
}

function isPassing({ mode }: CarrierState, { gate }: Carriage): boolean {
  return mode === 'lifetime' || gate === 'open';
}

function announce(state: CarrierState, effects: CarrierEffect[], nowMs: number): void {
  for (const [role, carriage] of state.carriages) {
    if (
      !carriage.present ||
      !isPassing(state, carriage) ||
      !isOurs(carriage, nowMs) ||
      nowMs < carriage.announceAtMs
    )
      continue;
    const announced = carriage.announced + 1;
    const afterMs = (announceAfterMs[announced] ?? NaN) - (announceAfterMs[announced - 1] ?? NaN);
    const announceAtMs = nowMs + (Number.isNaN(afterMs) ? announceEveryMs : afterMs);
    state.carriages.set(role, { ...carriage, announced, announceAtMs });
    effects.push({ kind: 'announce', place: carriage.place });
  }
}
