import { canonicalAddress } from './virtual-address.ts';

/** Addresses that begin with the same bits. */
export interface NetworkRange {
  readonly bits: string;
  readonly family: 4 | 6;
}

/** `10.1.0.0/16`, `fd00:7::/32`, or one address; null for anything else. */
export function parseNetwork(text: string): NetworkRange | null {
  const [host = '', prefix, ...rest] = text.split('/');
  const all = bitsOf(host);
  if (all === null || rest.length > 0) return null;
  if (prefix === undefined) return all;
  const length = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Infinity;
  return length > all.bits.length ? null : { ...all, bits: all.bits.slice(0, length) };
}

/** False also for what is no address. */
export function isInNetwork({ bits, family }: NetworkRange, address: string): boolean {
  const all = bitsOf(address);
  return all !== null && all.family === family && all.bits.startsWith(bits);
}

/** An IPv4 address in its IPv6 clothes is the IPv4 address. */
function bitsOf(text: string): NetworkRange | null {
  const host = text.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  const address = canonicalAddress(host);
  if (address === null) return null;
  if (!address.includes(':')) return { bits: binary(address.split('.').map(Number), 8), family: 4 };
  const [head = '', tail] = address.split('::');
  const groups = (part: string): number[] =>
    part
      .split(':')
      .filter(Boolean)
      .map((group) => parseInt(group, 16));
  const [front, back] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => 0);
  return { bits: binary([...front, ...zeros, ...back], 16), family: 6 };
}

function binary(parts: readonly number[], width: number): string {
  return parts.map((part) => part.toString(2).padStart(width, '0')).join('');
}
