import {
  isOurs,
  placeKey,
  type AddressCall,
  type Carriage,
  type CarrierState,
  type Place,
} from './address-state.ts';

/** While something is amiss it is looked for this often; else only as often as neighbours are reminded. */
const lookAgainMs = { amiss: 5_000, well: 60_000 } as const;
/** The kernel's address timer: up to a twentieth late, and up to a second when other addresses were changed before. */
const lateness = { factor: 1.06, plusMs: 1_200 } as const;

/** What to tell `ip` next; null when there is nothing to tell or a call is under way. */
export function nextAddressCall(state: CarrierState, nowMs: number): AddressCall | null {
  if (state.addressCall !== null || nowMs < state.addressQuietUntilMs) return null;
  const carriages = [...state.carriages.values()].filter(({ quietUntilMs }) => nowMs >= quietUntilMs);
  const ending = carriages.find((carriage) => mayRemove(state, carriage, nowMs));
  if (ending !== undefined) return { kind: 'remove', carriage: ending };
  for (const carriage of carriages) {
    const lifetimeS = wantsPut(state, carriage, nowMs) ? lifetimeFor(state, carriage, nowMs) : 0;
    if (lifetimeS > 0) return { kind: 'put', carriage, lifetimeS };
  }
  return stray(state) ?? (lookDue(state, nowMs) ? { kind: 'look' } : null);
}

/** Begun when the gate is shut or being shut; the role is released when both are done. */
function mayRemove(state: CarrierState, carriage: Carriage, nowMs: number): boolean {
  if (isOurs(carriage, nowMs) || !carriage.present) return false;
  const { mode, gateCall } = state;
  const isClosing = gateCall?.kind === 'close' && gateCall.roles.some(({ role }) => role === carriage.role);
  return mode === 'lifetime' || carriage.gate === 'shut' || isClosing;
}

function wantsPut(state: CarrierState, carriage: Carriage, nowMs: number): boolean {
  if (!isOurs(carriage, nowMs)) return false;
  // Behind a gate it may come before that is opened: the server process can bind it meanwhile.
  if (state.mode === 'gate' ? !state.guarded.has(placeKey(carriage.place)) : !isProven(carriage))
    return false;
  return !carriage.present || nowMs - carriage.refreshedMs >= state.config.renewEveryMs;
}

function isProven({ wanted, provenBeyondMs }: Carriage): boolean {
  return wanted !== null && wanted.deadlineMs > provenBeyondMs;
}

/** Whole seconds, as the kernel wants them. As the only belt it ends, at its latest, before the deadline. */
function lifetimeFor(state: CarrierState, carriage: Carriage, nowMs: number): number {
  const leftMs = (carriage.wanted?.deadlineMs ?? nowMs) - nowMs;
  if (state.mode === 'gate') return Math.ceil(leftMs / 1_000);
  return Math.floor(Math.min(leftMs / 2, (leftMs - lateness.plusMs) / lateness.factor) / 1_000);
}

/** The moment by which an address that was put there no later than `nowMs` is gone, whatever the kernel is doing. */
export function goneByMs(lifetimeS: number, nowMs: number): number {
  return nowMs + lifetimeS * 1_000 * lateness.factor + lateness.plusMs;
}

/** An address of the pool on one of our interfaces although nothing of ours put it there. */
function stray(state: CarrierState): AddressCall | null {
  const carried = new Set([...state.carriages.values()].map(({ place }) => place.address));
  const places: readonly Place[] = [...state.defined.values()].filter(({ address }) => !carried.has(address));
  for (const device of state.devices?.values() ?? []) {
    const address = device.addresses.find((each) =>
      places.some((place) => place.address === each.split('/')[0]),
    );
    if (address !== undefined) return { kind: 'remove stray', address, device: device.name };
  }
  return null;
}

function lookDue(state: CarrierState, nowMs: number): boolean {
  if (state.defined.size === 0) return false;
  const amiss =
    state.gateProblem !== null ||
    [...state.defined.values()].some((place) => state.mode === 'gate' && !state.guarded.has(placeKey(place)));
  return nowMs - state.lookedMs >= (amiss ? lookAgainMs.amiss : lookAgainMs.well);
}
