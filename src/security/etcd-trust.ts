import type { Coordination } from '../coordination/coordination.ts';
import type { EtcdFilePaths } from '../coordination/managed/etcd-files.ts';
import type { EtcdTerms } from '../coordination/managed/etcd-terms.ts';
import { keys } from '../model/definitions.ts';
import { textOf } from '../model/errors.ts';
import type { Trust } from '../model/trust.ts';
import type { Files } from '../runtime/files.ts';
import type { Log } from '../runtime/log.ts';
import { fingerprintOf, issuerOf, parseCertificates } from './certificate-info.ts';
import { readTrust } from './trust.ts';

const bytesMax = 1_048_576;
type Paths = Pick<EtcdFilePaths, 'ca' | 'cert'>;

/** Whom this machine's etcd and its clients believe by their files; nobody before there are any. */
export async function believedForEtcd(files: Files, { ca }: Pick<Paths, 'ca'>): Promise<string[]> {
  return (await files.status(ca)) === null ? [] : parseCertificates(await files.readText(ca, bytesMax));
}

/** The fingerprint of the authority that signed this machine's certificate for etcd; null where it is not believed. */
export async function etcdSignedBy(files: Files, paths: Paths): Promise<string | null> {
  const [believed, certificatePem] = await Promise.all([
    believedForEtcd(files, paths),
    files.readText(paths.cert, bytesMax),
  ]);
  const issuer = issuerOf(certificatePem, believed);
  return issuer === null ? null : fingerprintOf(issuer);
}

export interface EtcdTrust extends Disposable {
  /** As the file says by now. */
  believes(): EtcdTerms['believes'];
}

/**
 * Writes down for etcd whom the pool believes, whenever that changes; the member that runs here starts anew then
 * (coordination/managed/own-member.ts). `followed` sees to the certificate: those who have to believe it do by then.
 */
export async function keepEtcdTrust(
  { files, log }: { readonly files: Files; readonly log: Log },
  coordination: Coordination,
  paths: Paths,
  followed: (trust: Trust) => Promise<void>,
): Promise<EtcdTrust> {
  let believes = (await believedForEtcd(files, paths)).map(fingerprintOf);
  const follow = async (): Promise<void> => {
    const { pool, trust } = await readTrust(coordination);
    const own = trust.authorities.filter((authority) => authority.pool === pool.id);
    const pems = own.map(({ certificatePem }) => `${certificatePem.trim()}\n`);
    const text = pems.join('');
    if ((await files.readText(paths.ca, bytesMax)) !== text) await files.writeAtomic(paths.ca, text, 0o600);
    believes = pems.map(fingerprintOf);
    await followed(trust);
  };
  let following = Promise.resolve();
  const watch = coordination.watch(keys.trust, 0, () => {
    following = following
      .then(follow)
      .catch((error: unknown) => log.error("etcd's trust is as it was", { error: textOf(error) }));
  });
  return { believes: () => believes, [Symbol.dispose]: () => watch.close() };
}
