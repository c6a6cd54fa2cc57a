import { unreachable } from '../model/invariant.ts';
import { prefixed } from '../model/virtual-address.ts';
import { goneByMs } from './address-calls.ts';
import type { AddressCall, CallResult, CarrierEffect, CarrierEvent, CarrierState } from './address-state.ts';

const retryMs = 100;

type Answer = Extract<CarrierEvent, { kind: 'address answered' }>;

/** What `ip` said. `nowMs` was read after the call had ended. */
export function addressAnswered(
  state: CarrierState,
  answer: Answer,
  effects: CarrierEffect[],
  nowMs: number,
): void {
  const { call, result } = answer;
  switch (call.kind) {
    case 'look':
      return looked(state, answer, nowMs);
    case 'put':
      return put(state, call, result, effects, nowMs);
    case 'remove':
      return removed(state, call, result, effects, nowMs);
    case 'remove stray':
      return removedStray(state, call, result, effects, nowMs);
    default:
      unreachable(call);
  }
}

function looked(state: CarrierState, { result, devices }: Answer, nowMs: number): void {
  state.lookedMs = nowMs;
  if (result.kind === 'done' && devices !== undefined) {
    state.devices = new Map(devices.map((device) => [device.name, device]));
    if (state.devices.size > 0 && state.gateProblem?.startsWith(cannotLook)) state.gateProblem = null;
  } else if (result.kind !== 'done') {
    state.gateProblem = `${cannotLook}: ${result.why}`;
  }
}

const cannotLook = 'the network interfaces cannot be listed with `ip` (package iproute2)';

function put(
  state: CarrierState,
  call: Extract<AddressCall, { kind: 'put' }>,
  result: CallResult,
  effects: CarrierEffect[],
  nowMs: number,
): void {
  const { role } = call.carriage;
  const carriage = state.carriages.get(role);
  if (carriage === undefined) return;
  const isGate = state.mode === 'lifetime';
  const untilMs = isGate ? Math.max(carriage.untilMs, goneByMs(call.lifetimeS, nowMs)) : carriage.untilMs;
  if (result.kind === 'done') {
    // Without a gate the first put is the opening.
    const opens = isGate && !carriage.present;
    const announcing = opens ? { announced: 0, announceAtMs: nowMs } : {};
    state.carriages.set(role, {
      ...carriage,
      present: true,
      refreshedMs: nowMs,
      untilMs,
      failures: 0,
      ...announcing,
    });
    return;
  }
  // What was killed on its way may have put it there.
  const present = carriage.present || result.kind === 'unknown';
  const failures = carriage.failures + 1;
  state.carriages.set(role, { ...carriage, present, untilMs, failures, quietUntilMs: nowMs + retryMs });
  const fields = { role, address: carriage.place.address, because: result.why };
  effects.push({ kind: 'say', level: 'warn', text: 'an address cannot be put on its interface', fields });
}

function removed(
  state: CarrierState,
  call: Extract<AddressCall, { kind: 'remove' }>,
  result: CallResult,
  effects: CarrierEffect[],
  nowMs: number,
): void {
  const { role } = call.carriage;
  const carriage = state.carriages.get(role);
  if (carriage === undefined) return;
  const fields = { role, address: carriage.place.address };
  if (result.kind === 'done') {
    const untilMs = state.mode === 'lifetime' ? -Infinity : carriage.untilMs;
    state.carriages.set(role, { ...carriage, present: false, untilMs, provenBeyondMs: -Infinity });
    const [address, device] = [prefixed(carriage.place), carriage.place.device];
    state.devices = withoutAddress(state, device, address);
    effects.push({ kind: 'say', level: 'info', text: 'an address is not carried here any more', fields });
    return;
  }
  state.carriages.set(role, { ...carriage, quietUntilMs: nowMs + retryMs });
  effects.push({
    kind: 'say',
    level: 'warn',
    text: 'an address cannot be removed; its gate is closed and its lifetime ends',
    fields: { ...fields, because: result.why },
  });
}

function removedStray(
  state: CarrierState,
  { address, device }: Extract<AddressCall, { kind: 'remove stray' }>,
  result: CallResult,
  effects: CarrierEffect[],
  nowMs: number,
): void {
  state.addressQuietUntilMs = nowMs + (result.kind === 'done' ? 0 : retryMs);
  // Looked at again, whether it is gone or not.
  state.devices = withoutAddress(state, device, address);
  state.lookedMs = -Infinity;
  const fields = { address, interface: device };
  const text = 'an address of the pool was here without being held; it was removed';
  if (result.kind === 'done') effects.push({ kind: 'say', level: 'warn', text, fields });
  else
    effects.push({
      kind: 'say',
      level: 'error',
      text: 'an address of the pool is here without being held and cannot be removed',
      fields: { ...fields, because: result.why },
    });
}

function withoutAddress(state: CarrierState, name: string, address: string): CarrierState['devices'] {
  const devices = new Map(state.devices);
  const device = devices.get(name);
  if (device !== undefined)
    devices.set(name, { ...device, addresses: device.addresses.filter((each) => each !== address) });
  return devices;
}
