import { ensureEtcd } from '../coordination/managed/etcd-process.ts';
import type { EtcdMember } from '../coordination/managed/etcd-environment.ts';
import { etcdFiles } from '../coordination/managed/etcd-files.ts';
import type { Address } from '../model/address.ts';
import { addressText, parseAddress } from '../model/address.ts';
import { codeOf } from '../model/errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { sleep } from '../runtime/timing.ts';
import type { Authority } from '../security/authority.ts';
import { readAuthorityFile } from '../security/authority-file.ts';
import { writeEtcdIdentity } from '../security/etcd-identity.ts';
import type { ServerConfig } from '../server/config.ts';
import { serverPaths } from '../server/server-paths.ts';

const clientPort = 2_379;
const peerPort = 2_380;
const startsWithinMs = 15_000;
const retryMs = 200;

export interface EtcdPlace {
  readonly client: string;
  readonly peer: string;
}

/** Where the first server's etcd listens when nothing else is said: at the host by which the others reach the server. */
export function etcdPlaceOf(
  url: string,
  given: { readonly client: Address | undefined; readonly peer: Address | undefined },
): EtcdPlace {
  const host = new URL(url).hostname.replaceAll(/^\[|\]$/g, '');
  const { client = { host, port: clientPort } } = given;
  const { peer = { host: client.host, port: peerPort } } = given;
  return { client: addressText(client), peer: addressText(peer) };
}

export function memberOf(
  { pool, server, data }: Pick<ServerConfig, 'pool' | 'server' | 'data'>,
  place: EtcdPlace,
): EtcdMember {
  return { poolId: pool.id, name: server.coreId, ...place, files: etcdFiles(data) };
}

/** Signs this server's certificate for etcd, as a member where it runs one and as a client in any case. */
export async function prepareEtcd(
  runtime: Runtime,
  { pool, server, data }: Pick<ServerConfig, 'pool' | 'server' | 'data'>,
  run: EtcdPlace | null,
  authority?: Authority,
): Promise<void> {
  const signer = authority ?? (await readAuthorityFile(runtime.files, serverPaths(data).authority));
  const hosts = run === null ? [] : [run.client, run.peer].flatMap((text) => parseAddress(text)?.host ?? []);
  const who = { pool: pool.id, coreId: server.coreId, name: server.name, hosts };
  await writeEtcdIdentity(runtime, signer, who, etcdFiles(data));
}

/** Starts etcd and repeats `use` until it answers. Errors: those of `use` and of `ensureEtcd`. */
export async function withNewEtcd<T>(
  runtime: Runtime,
  member: EtcdMember,
  use: () => Promise<T>,
): Promise<T> {
  await ensureEtcd(runtime, member, null);
  const deadlineMs = runtime.clock.monotonicMs() + startsWithinMs;
  for (;;) {
    try {
      return await use();
    } catch (error) {
      if (codeOf(error) !== 'WK_COORDINATOR_AWAY' || runtime.clock.monotonicMs() >= deadlineMs) throw error;
    }
    await sleep(runtime.timers, retryMs);
  }
}
