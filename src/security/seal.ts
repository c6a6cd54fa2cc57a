import { createCipheriv, createDecipheriv, createPrivateKey, hkdfSync } from 'node:crypto';
import { WatchError } from '../model/errors.ts';
import type { Random } from '../runtime/random.ts';

const cipher = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;

/** Encrypts text so that only who has this private key reads it: every server has the authority's. */
export function seal(text: string, keyPem: string, random: Pick<Random, 'bytes'>): string {
  const iv = random.bytes(ivBytes);
  const encrypt = createCipheriv(cipher, secretOf(keyPem), iv);
  const body = Buffer.concat([encrypt.update(text, 'utf8'), encrypt.final()]);
  return Buffer.concat([iv, encrypt.getAuthTag(), body]).toString('base64');
}

/** WK_CONFIG when it was sealed with another key, or changed. */
export function unseal(sealed: string, keyPem: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  try {
    const decrypt = createDecipheriv(cipher, secretOf(keyPem), bytes.subarray(0, ivBytes));
    decrypt.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
    const body = bytes.subarray(ivBytes + tagBytes);
    return Buffer.concat([decrypt.update(body), decrypt.final()]).toString('utf8');
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
