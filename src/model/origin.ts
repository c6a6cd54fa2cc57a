import type { Uuid } from './uuid.ts';

/**
 * One run of one server's journal, `COREID.INCARNATION`: the incarnation is 8 hex digits drawn at each start, so a
 * lost tail, a restored backup or a cloned disk cannot use a sequence number twice.
 */
export type Origin = string;

export function originOf(coreId: Uuid, incarnation: string): Origin {
  return `${coreId}.${incarnation}`;
}

export function coreIdOfOrigin(origin: Origin): Uuid {
  return origin.slice(0, 36);
}

export function isOrigin(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.[0-9a-f]{8}$/.test(text);
}

/** For each origin the highest sequence number below which nothing is missing. A missing origin stands for 0. */
export type Positions = Readonly<Record<Origin, number>>;
