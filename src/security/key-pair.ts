import { createPublicKey, generateKeyPairSync } from 'node:crypto';

/** Both halves in PEM: PKCS #8 and SPKI. */
export interface KeyPair {
  readonly keyPem: string;
  readonly publicKeyPem: string;
}

/** A new ECDSA P-256 key pair, drawn by the crypto library itself: see DESIGN.md, "Randomness". */
export function makeKeyPair(): KeyPair {
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { keyPem: pair.privateKey, publicKeyPem: pair.publicKey };
}

export function publicKeyOf(keyPem: string): string {
  return createPublicKey(keyPem).export({ type: 'spki', format: 'pem' });
}
