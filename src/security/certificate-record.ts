import type { CertificateRecord } from '../model/trust.ts';
import type { Identity } from '../model/identity.ts';
import { fingerprintOf, keySha256, serialText } from './certificate-info.ts';
import { overlapMs, validityOf } from './lifetimes.ts';

/** What is written down of a certificate before it is signed. */
export function recordOf(
  certificate: {
    readonly identity: Identity;
    readonly name: string;
    readonly publicKeyPem: string;
    readonly authorityPem: string;
    readonly as: { readonly nowMs: number; readonly serial: Uint8Array };
  },
  before: CertificateRecord | null,
): CertificateRecord {
  const { identity, name, publicKeyPem, authorityPem, as } = certificate;
  const { kind, coreId } = identity;
  return {
    coreId,
    kind,
    name,
    keySha256: keySha256(publicKeyPem),
    serial: serialText(as.serial),
    authority: fingerprintOf(authorityPem),
    issuedMs: as.nowMs,
    notAfterMs: validityOf(kind, as.nowMs).notAfterMs,
    renewals: before === null ? 0 : before.renewals + 1,
    previous: before === null ? null : { keySha256: before.keySha256, untilMs: as.nowMs + overlapMs(kind) },
  };
}
