import { X509Certificate } from 'node:crypto';
import { identityOfNames } from '../model/certificate-names.ts';
import type { Identity } from '../model/identity.ts';

/** What a certificate of ours says. Uses only Node's own reader, so that agents load no X.509 library. */
export interface CertificateInfo {
  /** Null for an authority, and for anything that does not have exactly one name of our form. */
  readonly identity: Identity | null;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SHA-256 of the DER form, lower-case hex. */
  readonly fingerprint: string;
}

/** Throws what Node throws when the text is no certificate. */
export function certificateInfo(pem: string): CertificateInfo {
  const certificate = new X509Certificate(pem);
  const verdict = identityOfNames(certificate.subjectAltName, null);
  return {
    identity: 'identity' in verdict ? verdict.identity : null,
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
    fingerprint: fingerprintOf(pem),
  };
}

/** SHA-256 of a certificate's DER form, lower-case hex: what a join token carries of the authority. */
export function fingerprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}
