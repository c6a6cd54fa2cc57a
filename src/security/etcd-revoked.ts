import { hash } from 'node:crypto';
import type { Change, Coordination } from '../coordination/coordination.ts';
import type { EtcdFilePaths } from '../coordination/managed/etcd-files.ts';
import { keys } from '../model/definitions.ts';
import { textOf } from '../model/errors.ts';
import type { Identity } from '../model/identity.ts';
import { revocationSchema } from '../model/trust.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Files } from '../runtime/files.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { parseCertificates } from './certificate-info.ts';

/**
 * etcd knows a revoked certificate by its serial number. Those for etcd are signed anew daily, by each server for itself,
 * so all of one identity have the same, which follows from its core ID.
 */
export function etcdSerial(coreId: Uuid): Uint8Array {
  const serial = hash('sha256', `watchkeeper etcd ${coreId}`, 'buffer').subarray(0, 16);
  // Neither negative nor with a zero in front: written the same way everywhere.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}

/** A witness's certificate is for etcd and nothing else. */
export function serialFor({ kind, coreId }: Pick<Identity, 'kind' | 'coreId'>, random: Random): Uint8Array {
  return kind === 'witness' ? etcdSerial(coreId) : random.bytes(16);
}

type Paths = Pick<EtcdFilePaths, 'revoked' | 'key' | 'ca'>;

interface Ports {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
}

/** etcd takes nobody without a list: the one of the last run stays, else an empty one is written. */
export async function ensureEtcdRevoked(ports: Pick<Ports, 'files' | 'clock'>, paths: Paths): Promise<void> {
  if ((await ports.files.status(paths.revoked)) === null) await write(ports, paths, []);
}

export interface EtcdRevoked extends Disposable {
  /** Who stands in the list by now. */
  coreIds(): readonly Uuid[];
}

/**
 * Keeps the list of revoked servers and witnesses that this machine's etcd reads at each connection. Resolves when a list is
 * there; what the coordinator says follows.
 */
export async function keepEtcdRevoked(
  ports: Ports,
  coordination: Pick<Coordination, 'watch'>,
  paths: Paths,
): Promise<EtcdRevoked> {
  const known = new Map<string, Uuid>();
  await ensureEtcdRevoked(ports, paths);
  let written: readonly Uuid[] = [];
  let writing = Promise.resolve();
  const rewrite = async (): Promise<void> => {
    const coreIds = [...known.values()];
    await write(ports, paths, coreIds);
    written = coreIds;
  };
  const changed = (change: Change): void => {
    follow(known, change);
    writing = writing
      .then(() => rewrite())
      .catch((error: unknown) =>
        ports.log.error('etcd is not told who was revoked', { error: textOf(error) }),
      );
  };
  const watch = coordination.watch(keys.revocations, 0, changed);
  return { coreIds: () => written, [Symbol.dispose]: () => watch.close() };
}

function follow(known: Map<string, Uuid>, { reset, items }: Change): void {
  if (reset) known.clear();
  for (const { key, value } of items) {
    const revocation = value === null ? null : revocationSchema.parse(JSON.parse(value));
    if (revocation === null) known.delete(key);
    else if (revocation.kind === 'server' || revocation.kind === 'witness') known.set(key, revocation.coreId);
  }
}

async function write(
  { files, clock }: Pick<Ports, 'files' | 'clock'>,
  { revoked, key, ca }: Paths,
  coreIds: readonly Uuid[],
): Promise<void> {
  const { signRevoked } = await import('./certificate.ts');
  const [keyPem, authorities] = await Promise.all([files.readText(key), files.readText(ca)]);
  const [certificatePem = ''] = parseCertificates(authorities);
  // etcd looks at the numbers alone, and believes its own disk: a witness has no authority's key to sign with.
  const list = await signRevoked(coreIds.map(etcdSerial), { keyPem, certificatePem }, clock.wallMs());
  await files.writeAtomic(revoked, list, 0o600);
}
