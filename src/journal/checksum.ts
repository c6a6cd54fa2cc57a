import { createHash } from 'node:crypto';
import type { Entry } from '../model/entry.ts';

export const checksumBytes = 16;

/** The first 16 bytes of a SHA-256 over every other field of the entry, each closed by a line break but the last. */
export function checksumOf(entry: Omit<Entry, 'checksum'>): Uint8Array {
  return createHash('sha256')
    .update(`${entry.origin}\n${entry.seq}\n${entry.hlc}\n${entry.kind}\n`)
    .update(entry.body)
    .digest()
    .subarray(0, checksumBytes);
}

export function isIntact(entry: Entry): boolean {
  return sameBytes(checksumOf(entry), entry.checksum);
}

/** Chains the entries of one origin: two servers with the same chain at a position have the same entries up to it. */
export function chainOf(before: Uint8Array, checksum: Uint8Array): Uint8Array {
  return createHash('sha256').update(before).update(checksum).digest().subarray(0, checksumBytes);
}

export const chainStart: Uint8Array = new Uint8Array(checksumBytes);

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
