import type { Place } from '../carriers/address-state.ts';
import { deviceOf } from '../model/carrier.ts';
import type { Uuid } from '../model/uuid.ts';
import { parseVirtualAddress } from '../model/virtual-address.ts';
import type { LeaseState } from './lease/lease-state.ts';

/** The roles with an address of their own, and where this machine would put it. */
export function placesOf(definitions: LeaseState['definitions'], coreId: Uuid): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const { role, carrier } of definitions.values()) {
    if (carrier?.kind !== 'address') continue;
    const address = parseVirtualAddress(carrier.address);
    if ('family' in address) places.set(role, { ...address, device: deviceOf(carrier, coreId) });
  }
  return places;
}
