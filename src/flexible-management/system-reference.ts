import type { SystemReference } from './syntax.ts';

/** A node or a server, as references to it are held against it. */
export interface NodeFacts {
  readonly name: string;
  readonly coreId?: string | undefined;
  readonly addresses?: readonly string[] | undefined;
  /** Whether it is the primary manager. */
  readonly isPrimary?: boolean | undefined;
}

/** By core ID where both have one, else by name, whatever its case, else by address. */
export function isMeant(reference: SystemReference, system: NodeFacts): boolean {
  if (reference.kind === 'primary') return system.isPrimary === true;
  if (reference.kind === 'other') return isSameName(reference.name, system.name);
  const { id, name, address } = reference;
  if (id !== null && id !== '' && system.coreId !== undefined)
    return id.toLowerCase() === system.coreId.toLowerCase();
  if (name !== null && isSameName(name, system.name)) return true;
  return !isAnyAddress(address) && (system.addresses ?? []).includes(address);
}

function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** The address that stands for "look at the name". */
export function isAnyAddress(address: string): boolean {
  return address === '0.0.0.0' || /^[0:]+$/.test(address);
}
