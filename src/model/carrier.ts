import { addressText } from './address.ts';
import type { RoleDefinition } from './definitions.ts';

type Carrier = NonNullable<RoleDefinition['carrier']>;
export type AddressCarrierDefinition = Extract<Carrier, { kind: 'address' }>;

/** `HOST:PORT` where agents and people reach whoever holds a role; null where it has no address. */
export function carrierAddress(carrier: RoleDefinition['carrier']): string | null {
  if (carrier === null) return null;
  const host = carrier.kind === 'address' ? carrier.address : carrier.host;
  return addressText({ host, port: carrier.port });
}

/** The network interface that carries the address on that server. */
export function deviceOf(carrier: AddressCarrierDefinition, coreId: string): string {
  return carrier.interfaces[coreId] ?? carrier.interface;
}
