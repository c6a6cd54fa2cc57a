import { createPrivateKey, X509Certificate } from 'node:crypto';
import { WatchError } from '../model/errors.ts';
import type { Files } from '../runtime/files.ts';
import type { Credentials } from '../runtime/network.ts';
import { parseIdentityFile } from './identity-file.ts';
import { makeKeyPair, publicKeyOf, type KeyPair } from './key-pair.ts';
import { assertPrivate } from './private-files.ts';

const bytesMax = 262_144;
const pemPattern = /-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/g;

/** Where an identity lies on the disk. Replaced as a whole: whatever ends the process, one valid pair is there. */
export interface IdentityStore {
  /**
   * The key for the next certificate, on the disk before anybody is asked to sign it: asked for again, also after a crash,
   * it is the same until `replace`, so that an answer that was lost can be had again.
   */
  nextKey(): Promise<KeyPair>;
  replace(credentials: Credentials): Promise<void>;
  /** Whom to believe from now on. */
  believe(authorityPems: readonly string[]): Promise<void>;
}

type StoreFiles = Pick<Files, 'status' | 'readText' | 'writeAtomic' | 'remove'>;

/** One file with key, certificate and authorities, as servers and people have. */
export function identityFileStore(
  files: StoreFiles,
  path: string,
  write: (credentials: Credentials) => Promise<void>,
): IdentityStore {
  return {
    nextKey: () => nextKey(files, nextPathOf(path)),
    async replace(credentials) {
      await write(credentials);
      await files.remove(nextPathOf(path));
    },
    async believe(authorityPems) {
      const { credentials } = parseIdentityFile(await files.readText(path, bytesMax), path);
      await write({ ...credentials, authorityPems });
    },
  };
}

export interface IdentityPaths {
  readonly key: string;
  readonly certificate: string;
  readonly authorities: string;
}

/**
 * An agent's three files. Key and certificate are only ever right together, so a renewal writes both into the file of
 * the key; the file of the certificate is a copy for people and tools, and counts only where the key's has none.
 */
export function agentStore(files: StoreFiles, paths: IdentityPaths): IdentityStore {
  return {
    nextKey: () => nextKey(files, nextPathOf(paths.key)),
    async replace({ keyPem, certificatePem, authorityPems }) {
      await writeAuthorities(files, paths, authorityPems);
      await files.writeAtomic(paths.key, `${keyPem.trim()}\n${certificatePem.trim()}\n`, 0o600);
      await files.writeAtomic(paths.certificate, `${certificatePem.trim()}\n`, 0o644);
      await files.remove(nextPathOf(paths.key));
    },
    believe: (authorityPems) => writeAuthorities(files, paths, authorityPems),
  };
}

export function writeAuthorities(
  files: Pick<Files, 'writeAtomic'>,
  paths: Pick<IdentityPaths, 'authorities'>,
  authorityPems: readonly string[],
): Promise<void> {
  return files.writeAtomic(paths.authorities, authorityPems.map((pem) => `${pem.trim()}\n`).join(''), 0o600);
}

/** Errors: WK_NOT_FOUND, WK_DENIED (others may read the key), WK_CONFIG (key and certificate do not belong together). */
export async function readAgentCredentials(
  files: Pick<Files, 'status' | 'readText'>,
  paths: IdentityPaths,
): Promise<Credentials> {
  await assertPrivate(files, paths.key);
  const key = blocksOf(await files.readText(paths.key, bytesMax));
  const [keyPem] = key.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  const [ownCertificate] = key.filter(({ label }) => label === 'CERTIFICATE');
  const certificatePem = ownCertificate?.pem ?? (await files.readText(paths.certificate, bytesMax));
  const authorities = blocksOf(await files.readText(paths.authorities, bytesMax));
  const authorityPems = authorities.filter(({ label }) => label === 'CERTIFICATE').map(({ pem }) => pem);
  if (keyPem === undefined) throw new WatchError('WK_CONFIG', `${paths.key}: there is no private key in it`);
  if (authorityPems.length === 0)
    throw new WatchError('WK_CONFIG', `${paths.authorities}: there is no certificate in it`);
  if (!isPair(keyPem.pem, certificatePem))
    throw new WatchError(
      'WK_CONFIG',
      `${paths.certificate}: is not the certificate of the private key in ${paths.key}; join anew, or put back the two that belong together`,
    );
  return { keyPem: keyPem.pem, certificatePem, authorityPems };
}

function isPair(keyPem: string, certificatePem: string): boolean {
  try {
    return new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    // What cannot be read belongs to nothing.
    return false;
  }
}

function blocksOf(text: string): { readonly label: string; readonly pem: string }[] {
  return [...text.matchAll(pemPattern)].map(([pem, label = '']) => ({ label, pem: `${pem}\n` }));
}

function nextPathOf(path: string): string {
  return `${path}.next`;
}

async function nextKey(files: StoreFiles, path: string): Promise<KeyPair> {
  if ((await files.status(path)) !== null) {
    const keyPem = await files.readText(path, bytesMax);
    try {
      return { keyPem, publicKeyPem: publicKeyOf(keyPem) };
    } catch {
      // Nothing was signed for what cannot be read: a new one takes its place.
    }
  }
  const pair = makeKeyPair();
  await files.writeAtomic(path, pair.keyPem, 0o600);
  return pair;
}
