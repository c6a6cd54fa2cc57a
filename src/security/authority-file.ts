import { WatchError } from '../model/errors.ts';
import type { Files } from '../runtime/files.ts';
import type { Authority } from './authority.ts';
import { assertPrivate } from './private-files.ts';

const bytesMax = 65_536;

/** The authority's key and certificate in one PEM file: with it one can name servers, agents and users of the pool. */
export function writeAuthorityFile(
  files: Pick<Files, 'writeAtomic'>,
  path: string,
  { keyPem, certificatePem }: Authority,
): Promise<void> {
  return files.writeAtomic(path, `${keyPem.trim()}\n${certificatePem.trim()}\n`, 0o600);
}

/** Errors: WK_NOT_FOUND, WK_DENIED (also when others may read it), WK_CONFIG (it holds something else). */
export async function readAuthorityFile(
  files: Pick<Files, 'status' | 'readText'>,
  path: string,
): Promise<Authority> {
  if ((await files.status(path)) === null)
    throw new WatchError('WK_NOT_FOUND', `${path}: there is no such authority file`);
  await assertPrivate(files, path, "the authority's key");
  const text = await files.readText(path, bytesMax);
  const [keyPem] = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^-]+-----END \1-----\n?/.exec(text) ?? [];
  const [certificatePem] = /-----BEGIN (CERTIFICATE)-----[^-]+-----END \1-----\n?/.exec(text) ?? [];
  if (keyPem === undefined || certificatePem === undefined)
    throw new WatchError(
      'WK_CONFIG',
      `${path}: is not an authority file: a private key and its certificate are needed`,
    );
  return { keyPem, certificatePem };
}
