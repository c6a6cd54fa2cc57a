import { createPrivateKey, X509Certificate } from 'node:crypto';
import { codeOf, WatchError } from '../model/errors.ts';
import type { Identity } from '../model/identity.ts';
import type { Files } from '../runtime/files.ts';
import type { Credentials } from '../runtime/network.ts';
import { certificateInfo } from './certificate-info.ts';
import { assertPrivate } from './private-files.ts';

/** Who a file makes us: the private key, the certificate and the believed authorities, one PEM after the other. */
export interface IdentityFile {
  readonly identity: Identity;
  /** From the certificate, for people; decides nothing. */
  readonly name: string;
  readonly notAfterMs: number;
  readonly credentials: Credentials;
}

const bytesMax = 262_144;

/** Errors: WK_NOT_FOUND, WK_DENIED (also when others may read it), WK_CONFIG (it is no identity of ours). */
export async function readIdentityFile(
  files: Pick<Files, 'status' | 'readText'>,
  path: string,
): Promise<IdentityFile> {
  if ((await files.status(path)) === null)
    throw new WatchError('WK_NOT_FOUND', `${path}: there is no such identity file`);
  await assertPrivate(files, path);
  return parseIdentityFile(await files.readText(path, bytesMax), path);
}

/** Replaces the file as a whole; only its owner may read it. */
export function writeIdentityFile(
  files: Pick<Files, 'writeAtomic'>,
  path: string,
  { keyPem, certificatePem, authorityPems }: Credentials,
): Promise<void> {
  const pems = [keyPem, certificatePem, ...authorityPems].map((pem) => `${pem.trim()}\n`);
  return files.writeAtomic(path, pems.join(''), 0o600);
}

export function parseIdentityFile(text: string, path: string): IdentityFile {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/g)];
  const keys = blocks.filter(([, label = '']) => label.endsWith('PRIVATE KEY')).map(([pem]) => `${pem}\n`);
  const certificates = blocks.filter(([, label]) => label === 'CERTIFICATE').map(([pem]) => `${pem}\n`);
  const [keyPem] = keys;
  const [certificatePem, ...authorityPems] = certificates;
  if (keyPem === undefined || certificatePem === undefined || authorityPems.length === 0)
    throw new WatchError(
      'WK_CONFIG',
      `${path}: is not an identity file: a private key, its certificate and an authority's certificate are needed`,
    );
  checkPair(keyPem, certificatePem, path);
  return { ...whoIs(certificatePem, path), credentials: { keyPem, certificatePem, authorityPems } };
}

function checkPair(keyPem: string, certificatePem: string, path: string): void {
  try {
    if (new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem))) return;
  } catch (error) {
    throw new WatchError('WK_CONFIG', `${path}: the key or the certificate cannot be read`, { cause: error });
  }
  throw new WatchError('WK_CONFIG', `${path}: the first certificate does not belong to the private key`);
}

function whoIs(certificatePem: string, path: string): Omit<IdentityFile, 'credentials'> {
  try {
    const { identity, notAfterMs, commonName } = certificateInfo(certificatePem);
    if (identity === null)
      throw new WatchError('WK_CONFIG', `${path}: the first certificate names nobody of a Watchkeeper pool`);
    return { identity, notAfterMs, name: commonName ?? identity.coreId };
  } catch (error) {
    if (codeOf(error) !== 'WK_INTERNAL') throw error;
    throw new WatchError('WK_CONFIG', `${path}: the certificate cannot be read`, { cause: error });
  }
}
