// The library needs the metadata polyfill and does not bring it; it must be there first.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import { serialText } from './certificate-info.ts';

x509.cryptoProvider.set(webcrypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** What a certificate says; made by whoever knows what may be said (authority.ts). */
export interface CertificateDraft {
  readonly publicKeyPem: string;
  /** For display only; nothing is ever decided by it. */
  readonly commonName: string;
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly usages: readonly ('server' | 'client')[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Sixteen random bytes. */
  readonly serial: Uint8Array;
}

/** The signer's certificate and key, PEM. */
export interface Signer {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export type RootDraft = Pick<
  CertificateDraft,
  'publicKeyPem' | 'commonName' | 'notBeforeMs' | 'notAfterMs' | 'serial'
>;

/** An authority's own certificate, signed by itself; it may sign leaves and nothing below them. */
export async function signRoot(draft: RootDraft, keyPem: string): Promise<string> {
  const publicKey = await importPublicKey(draft.publicKeyPem);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...frame(draft),
    name: nameOf(draft.commonName),
    keys: { publicKey, privateKey: await importPrivateKey(keyPem) },
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  return pemOf(certificate);
}

/** A certificate of somebody who may not sign others. */
export async function signLeaf(draft: CertificateDraft, signer: Signer): Promise<string> {
  const publicKey = await importPublicKey(draft.publicKeyPem);
  const issuer = new x509.X509Certificate(signer.certificatePem);
  const certificate = await x509.X509CertificateGenerator.create({
    ...frame(draft),
    subject: nameOf(draft.commonName),
    issuer: issuer.subjectName,
    publicKey,
    signingKey: await importPrivateKey(signer.keyPem),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usageIds(draft)),
      new x509.SubjectAlternativeNameExtension(alternativeNames(draft)),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return pemOf(certificate);
}

/** A list of revoked certificates by their serial numbers, PEM. */
export async function signRevoked(
  serials: readonly Uint8Array[],
  signer: Signer,
  nowMs: number,
): Promise<string> {
  const list = await x509.X509CrlGenerator.create({
    issuer: new x509.X509Certificate(signer.certificatePem).subjectName,
    thisUpdate: new Date(nowMs),
    signingAlgorithm: algorithm,
    signingKey: await importPrivateKey(signer.keyPem),
    entries: serials.map((serial) => ({
      serialNumber: serialText(serial),
      revocationDate: new Date(nowMs),
    })),
  });
  // The library's own PEM has a label that OpenSSL and Go do not know.
  const body = Buffer.from(list.rawData).toString('base64').replaceAll(/.{64}/g, '$&\n').trim();
  return `-----BEGIN X509 CRL-----\n${body}\n-----END X509 CRL-----\n`;
}

function frame(draft: RootDraft) {
  return {
    serialNumber: serialText(draft.serial),
    notBefore: new Date(draft.notBeforeMs),
    notAfter: new Date(draft.notAfterMs),
  };
}

function nameOf(commonName: string): x509.Name {
  return new x509.Name([{ CN: [{ utf8String: commonName }] }]);
}

function usageIds(draft: CertificateDraft): string[] {
  const ids = { server: x509.ExtendedKeyUsage.serverAuth, client: x509.ExtendedKeyUsage.clientAuth };
  return draft.usages.map((usage) => ids[usage]);
}

function alternativeNames(draft: CertificateDraft): x509.JsonGeneralName[] {
  return [
    ...draft.uris.map((value) => ({ type: 'url' as const, value })),
    ...draft.dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...draft.ipAddresses.map((value) => ({ type: 'ip' as const, value })),
  ];
}

function importPublicKey(pem: string): Promise<CryptoKey> {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  return webcrypto.subtle.importKey('spki', new Uint8Array(der), algorithm, true, ['verify']);
}

function importPrivateKey(pem: string): Promise<CryptoKey> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', new Uint8Array(der), algorithm, false, ['sign']);
}

function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem').trim()}\n`;
}
