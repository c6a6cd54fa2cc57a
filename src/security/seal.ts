import { createCipheriv, createDecipheriv, createPrivateKey, hkdfSync } from 'node:crypto';
import { WatchError } from '../model/errors.ts';
import type { Random } from '../runtime/random.ts';

const cipher = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

/** Encrypts text so that only who has this private key reads it: every server has the authority's. */
export function seal(text: string, keyPem: string, random: Pick<Random, 'bytes'>): string {
  return encrypt(text, secretOf(keyPem), random);
}

/** WK_CONFIG when it was sealed with another key, or changed. */
export function unseal(sealed: string, keyPem: string): string {
  return decrypt(sealed, secretOf(keyPem));
}

/** AES-256-GCM with a key of 32 bytes: base64 of nonce, tag and text. */
export function encrypt(text: string, key: Buffer, random: Pick<Random, 'bytes'>): string {
  const iv = random.bytes(ivBytes);
  const encrypting = createCipheriv(cipher, key, iv);
  const body = Buffer.concat([encrypting.update(text, 'utf8'), encrypting.final()]);
  return Buffer.concat([iv, encrypting.getAuthTag(), body]).toString('base64');
}

/** WK_CONFIG when it was encrypted with another key, or changed. */
export function decrypt(sealed: string, key: Buffer): string {
  const bytes = Buffer.from(sealed, 'base64');
  try {
    const iv = bytes.subarray(0, ivBytes);
    const decrypting = createDecipheriv(cipher, key, iv, { authTagLength: tagBytes });
    decrypting.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
    const body = bytes.subarray(ivBytes + tagBytes);
    return Buffer.concat([decrypting.update(body), decrypting.final()]).toString('utf8');
  } catch (error) {
    throw new WatchError('WK_CONFIG', 'the sealed key was sealed with another key, or changed', {
      cause: error,
    });
  }
}

function secretOf(keyPem: string): Buffer {
  const der = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' });
  return Buffer.from(hkdfSync('sha256', der, '', 'watchkeeper sealed authority key', 32));
}
