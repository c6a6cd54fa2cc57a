import { makeRenewal } from '../../security/proof.ts';
import { askRenewal } from '../../security/ask-renewal.ts';
import { readIdentityFile, writeIdentityFile } from '../../security/identity-file.ts';
import { identityFileStore } from '../../security/identity-store.ts';
import { certificateInfo } from '../../security/certificate-info.ts';
import { decideRenewal } from '../../security/renewal-plan.ts';
import type { Credentials } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';

/** Exchanges the certificate in an identity file for a new one. Errors: as `askRenewal`, and those of the file. */
export async function renewIdentityFile(
  { files, network }: Pick<Runtime, 'files' | 'network'>,
  path: string,
  servers: readonly string[],
): Promise<Credentials> {
  const { credentials } = await readIdentityFile(files, path);
  const store = identityFileStore(files, path, (renewed) => writeIdentityFile(files, path, renewed));
  const next = await store.nextKey();
  const trust = { authorityPems: credentials.authorityPems };
  const answer = await askRenewal(network, servers, trust, makeRenewal(credentials, next));
  const renewed = { ...answer, keyPem: next.keyPem };
  await store.replace(renewed);
  return renewed;
}

/** Whether half of a certificate's life is over, as the clock of this machine has it. */
export function isDue({ certificatePem }: Credentials, { clock }: Pick<Runtime, 'clock'>): boolean {
  const info = certificateInfo(certificatePem);
  if (info.identity === null) return false;
  const { kind } = info.identity;
  const heldAtMs = clock.monotonicMs();
  const quiet = { isFresh: false, wanted: false, failedAtMs: null, failures: 0, draw: 0 };
  return decideRenewal({ ...quiet, kind, validity: info, heldAtMs }, clock.wallMs(), heldAtMs).do === 'renew';
}
