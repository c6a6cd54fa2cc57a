import { WatchError } from '../model/errors.ts';
import type { Identity } from '../model/identity.ts';
import type { CertificateRecord, Revocation } from '../model/trust.ts';
import type { Uuid } from '../model/uuid.ts';
import type { PeerCertificate } from '../runtime/network.ts';

/** What a pool remembers of identities. */
export interface Remembered {
  revocation(coreId: Uuid): Revocation | null;
  record(coreId: Uuid): CertificateRecord | null;
}

/** Why an identity counts no more: an error that it may be told, or null. */
export function whyRevoked({ coreId }: Identity, remembered: Remembered): WatchError | null {
  const revocation = remembered.revocation(coreId);
  if (revocation === null) return null;
  const { name, atMs, because } = revocation;
  return new WatchError(
    'WK_REVOKED',
    `${name} was revoked at ${new Date(atMs).toISOString()} (${because}); join anew, with another core ID`,
  );
}

/**
 * Why a new connection is not taken although its certificate is in order: the identity was revoked, or has had a newer
 * certificate for longer than the two overlap. A certificate younger than the one remembered here was issued by a server
 * whose word is still on its way.
 */
export function whyRefused(
  identity: Identity,
  certificate: PeerCertificate | null,
  remembered: Remembered,
  nowMs: number,
): WatchError | null {
  const revoked = whyRevoked(identity, remembered);
  if (revoked !== null || certificate === null) return revoked;
  const record = remembered.record(identity.coreId);
  if (record === null || record.keySha256 === certificate.keySha256) return null;
  if (certificate.notAfterMs > record.notAfterMs) return null;
  const { previous } = record;
  if (previous?.keySha256 === certificate.keySha256 && nowMs < previous.untilMs) return null;
  return new WatchError(
    'WK_DENIED',
    `${record.name} has had a newer certificate since ${new Date(record.issuedMs).toISOString()}; this one is not taken any more`,
  );
}
