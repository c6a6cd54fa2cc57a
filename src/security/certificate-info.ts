import { createPublicKey, hash, X509Certificate, type KeyObject } from 'node:crypto';
import { identityOfNames } from '../model/certificate-names.ts';
import type { Identity } from '../model/identity.ts';

const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates in a text, each as PEM of its own. */
export function parseCertificates(text: string): string[] {
  return [...text.matchAll(certificatePattern)].map(([found]) => `${found}\n`);
}

/** What a certificate of ours says. Uses only Node's own reader, so that agents load no X.509 library. */
export interface CertificateInfo {
  /** Null for an authority, and for anything that does not have exactly one name of our form. */
  readonly identity: Identity | null;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SHA-256 of the DER form, lower-case hex. */
  readonly fingerprint: string;
  readonly keySha256: string;
  /** Host names and addresses that it names beside the identity. */
  readonly hosts: readonly string[];
  /** For people; decides nothing. */
  readonly commonName: string | null;
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
    keySha256: keySha256(certificate.publicKey),
    hosts: hostNames(certificate.subjectAltName ?? ''),
    commonName: /^CN=(.+)$/m.exec(certificate.subject)?.[1] ?? null,
  };
}

function hostNames(subjectAltName: string): string[] {
  return [...subjectAltName.matchAll(/(?:^|, )(?:DNS|IP Address):([A-Za-z0-9.:_-]+)(?=,|$)/g)].map(
    ([, host = '']) => host,
  );
}

/** SHA-256 of a public key (SPKI, DER), lower-case hex: what is remembered of it. */
export function keySha256(key: KeyObject | string): string {
  const publicKey = typeof key === 'string' ? createPublicKey(key) : key;
  return hash('sha256', publicKey.export({ type: 'spki', format: 'der' }));
}

/** A serial number as certificates carry it: positive, so without the highest bit. */
export function serialText(serial: Uint8Array): string {
  return Buffer.from([(serial[0] ?? 0) & 0x7f, ...serial.subarray(1)]).toString('hex');
}

/** Which of `authorityPems` signed the certificate, whatever their names say; null when none of them did. */
export function issuerOf(pem: string, authorityPems: readonly string[]): string | null {
  const certificate = new X509Certificate(pem);
  const found = authorityPems.find((authorityPem) => {
    const authority = new X509Certificate(authorityPem);
    return authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
  });
  return found ?? null;
}

/** SHA-256 of a certificate's DER form, lower-case hex: what a join token carries of the authority. */
export function fingerprintOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}
