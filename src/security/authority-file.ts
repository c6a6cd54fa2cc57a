import { WatchError } from '../model/errors.ts';
import type { Files } from '../runtime/files.ts';
import type { Random } from '../runtime/random.ts';
import type { Authority } from './authority.ts';
import { machineSeal, sealName, type SealPorts } from './machine-seal.ts';
import { assertPrivate } from './private-files.ts';
import { decrypt, encrypt } from './seal.ts';

const bytesMax = 65_536;
const label = 'WATCHKEEPER SEALED KEY';
const sealedPattern = new RegExp(`-----BEGIN ${label}-----\\n([A-Za-z0-9+/=\\n]+)-----END ${label}-----\\n?`);
const keyPattern = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^-]+-----END \1-----\n?/;
const certificatePattern = /-----BEGIN (CERTIFICATE)-----[^-]+-----END \1-----\n?/;

export interface AuthorityFilePorts extends SealPorts {
  readonly files: Pick<Files, 'status' | 'readText' | 'writeAtomic'>;
  readonly random: Pick<Random, 'bytes'>;
}

/**
 * The authority's key and certificate in one file, mode 0600: with it one can name servers, agents and users of the pool.
 * The key is encrypted where this machine has a seal (machine-seal.ts) that this process may open, else plain PEM.
 */
export async function writeAuthorityFile(
  ports: AuthorityFilePorts,
  path: string,
  authority: Authority,
): Promise<void> {
  const seal = await machineSeal(ports);
  if (seal.kind !== 'open') return writePlainAuthority(ports.files, path, authority);
  const body = encrypt(authority.keyPem.trim(), seal.key, ports.random).replaceAll(/.{64}/g, '$&\n');
  const text = `-----BEGIN ${label}-----\n${body.trim()}\n-----END ${label}-----\n${authority.certificatePem.trim()}\n`;
  await ports.files.writeAtomic(path, text, 0o600);
}

/** For a backup, which another machine has to be able to read. */
export function writePlainAuthority(
  files: Pick<Files, 'writeAtomic'>,
  path: string,
  { keyPem, certificatePem }: Authority,
): Promise<void> {
  return files.writeAtomic(path, `${keyPem.trim()}\n${certificatePem.trim()}\n`, 0o600);
}

/**
 * Errors: WK_NOT_FOUND, WK_DENIED (others may read it, or it is encrypted and this process may not open the seal), WK_CONFIG
 * (it holds something else, or was encrypted on another machine).
 */
export async function readAuthorityFile(ports: SealPorts, path: string): Promise<Authority> {
  const { files } = ports;
  if ((await files.status(path)) === null)
    throw new WatchError('WK_NOT_FOUND', `${path}: there is no such authority file`);
  await assertPrivate(files, path, "the authority's key");
  const text = await files.readText(path, bytesMax);
  const [certificatePem] = certificatePattern.exec(text) ?? [];
  const keyPem = await keyIn(ports, path, text);
  if (keyPem === undefined || certificatePem === undefined)
    throw new WatchError(
      'WK_CONFIG',
      `${path}: is not an authority file: a private key and its certificate are needed`,
    );
  return { keyPem, certificatePem };
}

/** A plain file becomes an encrypted one where this machine has a seal by now. True when it did. */
export async function sealAuthorityFile(ports: AuthorityFilePorts, path: string): Promise<boolean> {
  const { files } = ports;
  if ((await files.status(path)) === null || sealedPattern.test(await files.readText(path, bytesMax)))
    return false;
  if ((await machineSeal(ports)).kind !== 'open') return false;
  await writeAuthorityFile(ports, path, await readAuthorityFile(ports, path));
  return true;
}

async function keyIn(ports: SealPorts, path: string, text: string): Promise<string | undefined> {
  const [, sealed] = sealedPattern.exec(text) ?? [];
  if (sealed === undefined) return keyPattern.exec(text)?.[0];
  const seal = await machineSeal(ports);
  if (seal.kind === 'open') return keyOf(sealed, seal.key, path);
  const why = seal.kind === 'absent' ? 'it is not on this machine' : seal.because;
  throw new WatchError(
    'WK_DENIED',
    `${path}: the authority's key is encrypted with the systemd credential ${sealName}, which cannot be opened here (${why}); run it as root, give its unit LoadCredentialEncrypted=${sealName}, or bring the server back from a backup`,
  );
}

function keyOf(sealed: string, key: Buffer, path: string): string {
  try {
    return `${decrypt(sealed, key)}\n`;
  } catch (error) {
    throw new WatchError(
      'WK_CONFIG',
      `${path}: the authority's key was encrypted with another systemd credential ${sealName} than this machine's; bring the server back from a backup, or join it anew`,
      { cause: error },
    );
  }
}
