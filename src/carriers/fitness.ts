import { placeKey, type CarrierState, type Place } from './address-state.ts';

/** Without a gate the lateness of the kernel's address timer must fit into the lease. */
export const ttlMsMinWithoutGate = 6_000;
const failuresMax = 3;

/** Null: this server can carry the role. Undefined: it is not known yet. Else why it cannot, and what to do. */
export function unfitBecause(state: CarrierState, role: string, place: Place): string | null | undefined {
  const { devices, mode, config } = state;
  if (devices === null) return state.gateProblem ?? undefined;
  if (!devices.has(place.device))
    return (
      `there is no network interface ${place.device} here, there are: ${[...devices.keys()].join(', ')}; ` +
      'name the right one with --interface SERVER=NAME'
    );
  const twin = [...state.defined].find(([other, { address }]) => other < role && address === place.address);
  if (twin !== undefined) return `${place.address} is the address of ${twin[0]} already`;
  if (state.gateProblem !== null) return state.gateProblem;
  if (mode === 'lifetime' && config.ttlMs < ttlMsMinWithoutGate)
    return (
      `nftables is missing; without it a lease must last ${ttlMsMinWithoutGate} ms at least and lasts ` +
      `${config.ttlMs} ms: install nftables, or raise lease.ttl on every server`
    );
  if (mode === null) return undefined;
  if (mode === 'gate' && !state.guarded.has(placeKey(place))) return undefined;
  const failures = state.carriages.get(role)?.failures ?? 0;
  if (failures >= failuresMax)
    return `the address ${place.address} could not be put up ${failures} times; see the log`;
  return null;
}
