import { etcdHostName, type EtcdFilePaths } from '../coordination/managed/etcd-files.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Files } from '../runtime/files.ts';
import type { Random } from '../runtime/random.ts';
import { issueCertificate, type Authority } from './authority.ts';
import { ensureEtcdRevoked, etcdSerial } from './etcd-revoked.ts';
import { makeKeyPair, publicKeyOf } from './key-pair.ts';

/** Longer than others: our own connections to etcd read it when a process starts, and some run for a year. */
const livesMs = 397 * 86_400_000;

interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Files;
}

/**
 * Writes what a server needs to be a member or a client of the pool's own etcd. The key is made once; the certificate is
 * signed anew each time: at each start and every day. etcd reads it at every connection, and so needs no restart.
 */
export async function writeEtcdIdentity(
  { files, ...ports }: Ports,
  authority: Authority,
  /** The authorities whose certificates members and clients may show, PEM. */
  believed: readonly string[],
  who: {
    readonly pool: Uuid;
    readonly coreId: Uuid;
    readonly name: string;
    readonly hosts: readonly string[];
  },
  paths: EtcdFilePaths,
): Promise<void> {
  await files.makeDirectory(paths.folder, 0o700);
  if ((await files.status(paths.key)) === null)
    await files.writeAtomic(paths.key, makeKeyPair().keyPem, 0o600);
  const publicKeyPem = publicKeyOf(await files.readText(paths.key));
  const identity = { pool: who.pool, kind: 'server', coreId: who.coreId } as const;
  const hosts = [etcdHostName(who.pool), ...who.hosts];
  const certificatePem = await issueCertificate(
    authority,
    {
      identity,
      publicKeyPem,
      name: who.name,
      hosts,
      livesMs,
      as: { nowMs: ports.clock.wallMs(), serial: etcdSerial(who.coreId) },
    },
    ports,
  );
  await files.writeAtomic(paths.cert, certificatePem, 0o600);
  const text = believed.map((pem) => `${pem.trim()}\n`).join('');
  await files.writeAtomic(paths.ca, text, 0o600);
  await ensureEtcdRevoked({ files, clock: ports.clock }, paths);
}
