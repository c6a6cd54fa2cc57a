import { unreachable } from '../model/invariant.ts';
import {
  placeKey,
  type CallResult,
  type Carriage,
  type CarrierEffect,
  type CarrierState,
  type GateCall,
} from './address-state.ts';
import { kernelLateMs } from './gate-calls.ts';

const retryMs = 50;
const prepareAgainMs = 5_000;

/** What nftables said. `nowMs` was read after the call had ended, so whatever it did was done before. */
export function gateAnswered(
  state: CarrierState,
  call: GateCall,
  result: CallResult,
  effects: CarrierEffect[],
  nowMs: number,
): void {
  switch (call.kind) {
    case 'prepare':
      return prepared(state, call, result, effects, nowMs);
    case 'unguard':
      if (result.kind !== 'done') state.gateQuietUntilMs = nowMs + prepareAgainMs;
      else for (const place of call.guard) state.guarded.delete(placeKey(place));
      return;
    case 'close':
      return closed(state, call, result, effects, nowMs);
    case 'ticket':
    case 'open':
    case 'renew':
      for (const [at, { role }] of call.roles.entries()) {
        const carriage = state.carriages.get(role);
        if (carriage === undefined) continue;
        const boundMs = nowMs + (call.timeoutsMs[at] ?? 0) + kernelLateMs;
        state.carriages.set(role, armed(carriage, call, result, boundMs, nowMs));
        if (result.kind !== 'done') sayNotArmed(carriage, call, result, effects);
        else if (call.kind === 'open') sayOpen(carriage, effects);
      }
      return;
    default:
      unreachable(call);
  }
}

function prepared(
  state: CarrierState,
  call: Extract<GateCall, { kind: 'prepare' }>,
  result: CallResult,
  effects: CarrierEffect[],
  nowMs: number,
): void {
  if (result.kind === 'done') {
    state.mode = 'gate';
    state.gateProblem = null;
    for (const place of call.guard) state.guarded.set(placeKey(place), place);
    return;
  }
  if (result.kind === 'missing') {
    state.mode = 'lifetime';
    const text =
      'nftables is missing: addresses are gated by their lifetime only, which ends up to a second late';
    effects.push({ kind: 'say', level: 'warn', text, fields: { because: result.why } });
    return;
  }
  if (call.egress && result.kind === 'refused' && !isForbidden(result.why)) {
    // Kernels before 5.16 filter nothing where frames leave; the other two tables hold without it.
    state.egress = false;
    return;
  }
  state.egress = true;
  state.gateQuietUntilMs = nowMs + prepareAgainMs;
  state.gateProblem = isForbidden(result.why)
    ? 'the keeper may not set up nftables: it needs CAP_NET_ADMIN (AmbientCapabilities= in its unit, or root)'
    : `nftables cannot be set up: ${result.why}`;
}

function isForbidden(why: string): boolean {
  return /not permitted|you must be root/i.test(why);
}

function closed(
  state: CarrierState,
  call: Extract<GateCall, { kind: 'close' }>,
  result: CallResult,
  effects: CarrierEffect[],
  nowMs: number,
): void {
  for (const { role } of call.roles) {
    const carriage = state.carriages.get(role);
    if (carriage === undefined) continue;
    if (result.kind === 'done') {
      state.carriages.set(role, { ...carriage, gate: 'shut', untilMs: -Infinity });
    } else if (nowMs >= carriage.untilMs) {
      // The kernel has closed it meanwhile.
      state.carriages.set(role, { ...carriage, gate: 'shut' });
    } else {
      state.carriages.set(role, { ...carriage, quietUntilMs: nowMs + retryMs });
      const fields = { role, because: result.why, untilMs: Math.round(carriage.untilMs - nowMs) };
      effects.push({
        kind: 'say',
        level: 'warn',
        text: 'the gate of an address cannot be closed; it times out',
        fields,
      });
    }
  }
}

function armed(
  carriage: Carriage,
  call: Extract<GateCall, { kind: 'ticket' | 'open' | 'renew' }>,
  result: CallResult,
  boundMs: number,
  nowMs: number,
): Carriage {
  const latestMs = Math.max(carriage.untilMs, boundMs);
  if (result.kind === 'done') {
    if (call.kind === 'ticket') return { ...carriage, gate: 'ticket', untilMs: latestMs };
    // The element before is deleted, so only the new one counts.
    const opened = { gate: 'open' as const, untilMs: boundMs, armedMs: nowMs, alone: false };
    if (call.kind === 'renew') return { ...carriage, ...opened };
    return { ...carriage, ...opened, announced: 0, announceAtMs: nowMs };
  }
  // Set back when the address is up at last.
  const failures = carriage.failures + 1;
  if (call.kind === 'ticket')
    return { ...carriage, untilMs: latestMs, failures, quietUntilMs: nowMs + retryMs };
  // Another role's element may be the one that had gone.
  if (call.roles.length > 1 && result.kind === 'refused') return { ...carriage, alone: true };
  // Killed on its way: it may be open, and trying to renew it tells.
  if (result.kind !== 'refused') return { ...carriage, gate: 'open', untilMs: latestMs, failures };
  if (call.kind === 'open') return { ...carriage, gate: 'shut', failures, quietUntilMs: nowMs + retryMs };
  return { ...carriage, gate: 'shut', alone: false, provenBeyondMs: carriage.wanted?.deadlineMs ?? nowMs };
}

function sayNotArmed(
  { role, place }: Carriage,
  { kind }: GateCall,
  result: Exclude<CallResult, { kind: 'done' }>,
  effects: CarrierEffect[],
): void {
  const fields = { role, address: place.address, call: kind, because: result.why };
  effects.push({ kind: 'say', level: 'warn', text: 'the gate of an address was not armed', fields });
}

function sayOpen({ role, place, wanted }: Carriage, effects: CarrierEffect[]): void {
  const fields = { role, address: place.address, interface: place.device, epoch: wanted?.epoch ?? 0 };
  effects.push({ kind: 'say', level: 'info', text: 'an address is carried here', fields });
}
