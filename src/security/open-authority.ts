import { WatchError } from '../model/errors.ts';
import type { Trust } from '../model/trust.ts';
import { readAuthorityFile, writeAuthorityFile, type AuthorityFilePorts } from './authority-file.ts';
import type { Authority } from './authority.ts';
import { fingerprintOf } from './certificate-info.ts';
import { unseal } from './seal.ts';

/** Where a server keeps keys of authorities: the one that it was given when it joined, and those that came by rotations. */
export interface AuthorityPlaces {
  readonly authority: string;
  furtherAuthority(fingerprint: string): string;
}

/**
 * The authority of this fingerprint with its key: from this server's disk, else opened from what the coordinator holds, and
 * kept. Rotations follow on each other, so the key of one is sealed with that of the one before it. Errors: those of
 * reading the files; WK_NOT_FOUND where its key is nowhere (it has to be brought by hand: trust adopt).
 */
export async function openAuthority(
  ports: AuthorityFilePorts,
  places: AuthorityPlaces,
  trust: Trust,
  fingerprint: string,
): Promise<Authority> {
  const first = await readAuthorityFile(ports, places.authority);
  if (fingerprintOf(first.certificatePem) === fingerprint) return first;
  const path = places.furtherAuthority(fingerprint);
  if ((await ports.files.status(path)) !== null) return await readAuthorityFile(ports, path);
  const found = trust.authorities.find(({ certificatePem }) => fingerprintOf(certificatePem) === fingerprint);
  if (!found?.sealedKey || !found.sealedBy)
    throw new WatchError(
      'WK_NOT_FOUND',
      `the key of the authority ${fingerprint.slice(0, 16)} is not on this server; bring it from one that has it (trust adopt)`,
    );
  const by = await openAuthority(ports, places, trust, found.sealedBy);
  const opened = { keyPem: unseal(found.sealedKey, by.keyPem), certificatePem: found.certificatePem };
  await writeAuthorityFile(ports, path, opened);
  return opened;
}
