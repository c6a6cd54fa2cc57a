import type { IdentityKind } from '../model/identity.ts';

const dayMs = 86_400_000;

/** How long a certificate lives. Agents' are short, since there are many of them in many hands. */
const livesMs: Partial<Record<IdentityKind, number>> = { agent: 7 * dayMs };
const livesMsDefault = 90 * dayMs;

/**
 * Certificates are valid from before they are made. An agent's is looked at by servers, whose clocks are kept; a server's
 * by agents, whose clocks run late by days.
 */
const backdatedMs: Partial<Record<IdentityKind, number>> = { agent: dayMs };
const backdatedMsDefault = 7 * dayMs;

/** An expired certificate of an identity that is still enrolled can be renewed for so long: time off locks nobody out. */
export const renewableAfterMs = 90 * dayMs;

/**
 * So long after a renewal the certificate before it may still connect: the answer may be on its way. People keep copies
 * of their identity on several machines, and the older ones stay good until they expire.
 */
const overlapsMs: Partial<Record<IdentityKind, number>> = { user: livesMsDefault };
const overlapMsDefault = 3_600_000;

export function overlapMs(kind: IdentityKind): number {
  return overlapsMs[kind] ?? overlapMsDefault;
}

export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** X.509 counts whole seconds. */
export function validityOf(kind: IdentityKind, nowMs: number): Validity {
  const secondMs = nowMs - (nowMs % 1_000);
  return {
    notBeforeMs: secondMs - (backdatedMs[kind] ?? backdatedMsDefault),
    notAfterMs: secondMs + (livesMs[kind] ?? livesMsDefault),
  };
}

/** How long it is valid from when it was made. */
export function lifeMs(kind: IdentityKind, { notBeforeMs, notAfterMs }: Validity): number {
  return Math.max(1, notAfterMs - notBeforeMs - (backdatedMs[kind] ?? backdatedMsDefault));
}
