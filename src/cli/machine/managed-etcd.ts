import { Option } from '@commander-js/extra-typings';
import { endEtcd, ensureEtcd } from '../../coordination/managed/etcd-process.ts';
import type { EtcdMember } from '../../coordination/managed/etcd-environment.ts';
import { etcdFiles } from '../../coordination/managed/etcd-files.ts';
import type { EtcdTerms } from '../../coordination/managed/etcd-terms.ts';
import { OwnMember } from '../../coordination/managed/own-member.ts';
import {
  foundingMember,
  newMemberName,
  writeLocalMember,
  type EtcdPlace,
} from '../../coordination/managed/local-member.ts';
import type { EtcdCoordination } from '../../coordination/etcd/open-etcd.ts';
import type { Address } from '../../model/address.ts';
import { addressText, parseAddress } from '../../model/address.ts';
import { keys } from '../../model/definitions.ts';
import { codeOf } from '../../model/errors.ts';
import type { Trust } from '../../model/trust.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleep } from '../../runtime/timing.ts';
import type { Authority } from '../../security/authority.ts';
import { readAuthorityFile } from '../../security/authority-file.ts';
import { fingerprintOf, issuerOf } from '../../security/certificate-info.ts';
import { openAuthority } from '../../security/open-authority.ts';
import { writeEtcdIdentity } from '../../security/etcd-identity.ts';
import { keepEtcdRevoked } from '../../security/etcd-revoked.ts';
import { believedForEtcd, etcdSignedBy, keepEtcdTrust } from '../../security/etcd-trust.ts';
import type { ServerConfig } from '../../server/config.ts';
import { isAuthorityFile, serverPaths } from '../../server/server-paths.ts';
import { addressOption } from '../options/address-option.ts';

const clientPort = 2_379;
const peerPort = 2_380;
const startsWithinMs = 15_000;
const retryMs = 200;

/** Where a new server's or witness's member of etcd answers. */
export const etcdOptions = {
  listen: new Option(
    '--etcd-listen <HOST:PORT>',
    'with managed: where its etcd answers the servers (default: port 2379 of --url)',
  ).argParser(addressOption),
  peer: new Option(
    '--etcd-peer <HOST:PORT>',
    'with managed: where its etcd answers other members (default: port 2380 there)',
  ).argParser(addressOption),
} as const;

/** Where a server's etcd listens when nothing else is said: at the host by which the others reach the server. */
export function etcdPlaceOf(
  url: string,
  given: { readonly client: Address | undefined; readonly peer: Address | undefined },
): EtcdPlace {
  const host = new URL(url).hostname.replaceAll(/^\[|\]$/g, '');
  const { client = { host, port: clientPort } } = given;
  const { peer = { host: client.host, port: peerPort } } = given;
  return { client: addressText(client), peer: addressText(peer) };
}

/** The unit that runs etcd where `install.sh` put the units and the data lie where they expect them; else null. */
export async function unitFor({ files }: Pick<Runtime, 'files'>, data: string): Promise<string | null> {
  const folder = '/var/lib/watchkeeper';
  if (data !== `${folder}/server` && data !== `${folder}/witness`) return null;
  if ((await files.status('/run/systemd/system')) === null) return null;
  const name = data === `${folder}/server` ? 'watchkeeper-etcd' : 'watchkeeper-witness-etcd';
  if ((await files.status(`/etc/systemd/system/${name}.path`)) === null) return null;
  return `${name}.service`;
}

/**
 * Signs this server's certificate for etcd, as a member where it runs one and as a client in any case: with the authority that
 * signed the one before, while nobody can be asked for another.
 */
export async function prepareEtcd(
  runtime: Runtime,
  { pool, server, data }: Pick<ServerConfig, 'pool' | 'server' | 'data'>,
  run: EtcdPlace | null,
  by?: { readonly authority: Authority; readonly believed: readonly string[] },
): Promise<void> {
  const signer = by?.authority ?? (await lastSigner(runtime, data));
  const known = by?.believed ?? (await believedForEtcd(runtime.files, etcdFiles(data)));
  const believed = known.length > 0 ? known : [signer.certificatePem];
  const hosts = run === null ? [] : [run.client, run.peer].flatMap((text) => parseAddress(text)?.host ?? []);
  const who = { pool: pool.id, coreId: server.coreId, name: server.name, hosts };
  await writeEtcdIdentity(runtime, signer, believed, who, etcdFiles(data));
}

async function lastSigner(runtime: Runtime, data: string): Promise<Authority> {
  const { files } = runtime;
  const first = await readAuthorityFile(runtime, serverPaths(data).authority);
  const { cert } = etcdFiles(data);
  if ((await files.status(cert)) === null) return first;
  const certificatePem = await files.readText(cert);
  const names = (await files.list(data)).filter(isAuthorityFile);
  const all = await Promise.all(names.map((name) => readAuthorityFile(runtime, `${data}/${name}`)));
  return all.find((one) => issuerOf(certificatePem, [one.certificatePem]) !== null) ?? first;
}

/** What a server's etcd, and its connections to etcd, have to know of the pool, kept as it changes. */
export interface KeptEtcd extends Disposable {
  readonly terms: () => EtcdTerms;
  readonly signedBy: () => Promise<string | null>;
}

/** Follows whom the pool believes and refuses; signs anew when another authority signs for servers. */
export async function keepEtcd(
  runtime: Runtime,
  config: ServerConfig,
  coordination: EtcdCoordination,
): Promise<KeptEtcd> {
  const { data } = config;
  const paths = etcdFiles(data);
  const signedBy = (): Promise<string | null> => etcdSignedBy(runtime.files, paths);
  const followed = async (trust: Trust): Promise<void> => {
    if ((await signedBy()) === trust.signsServers) return;
    const authority = await openAuthority(runtime, serverPaths(data), trust, trust.signsServers);
    const believed = await believedForEtcd(runtime.files, paths);
    await prepareEtcd(runtime, config, config.etcd?.run ?? null, { authority, believed });
    runtime.log.info("another authority signed this server's certificate for etcd", {
      authority: fingerprintOf(authority.certificatePem).slice(0, 16),
    });
  };
  const revoked = await keepEtcdRevoked(runtime, coordination, paths);
  const trust = await keepEtcdTrust(runtime, coordination, paths, followed);
  return {
    terms: () => ({ believes: trust.believes(), refuses: revoked.coreIds() }),
    signedBy,
    [Symbol.dispose]: () => {
      revoked[Symbol.dispose]();
      trust[Symbol.dispose]();
    },
  };
}

/**
 * Starts an etcd of its own, alone, and repeats `use` until it answers. Errors: those of `use` and of `ensureEtcd`. It goes
 * on for the server that is started next; where systemd is to run it, it is handed over.
 */
export async function withNewEtcd<T>(
  runtime: Runtime,
  { pool, server, data }: Pick<ServerConfig, 'pool' | 'server' | 'data'>,
  { place, token, unit }: { readonly place: EtcdPlace; readonly token: string; readonly unit: string | null },
  use: (name: string) => Promise<T>,
): Promise<T> {
  const files = etcdFiles(data);
  const name = newMemberName(server.name, runtime.random);
  const local = foundingMember(name, place, token);
  await runtime.files.makeDirectory(files.folder, 0o700);
  await writeLocalMember(runtime.files, files, local);
  const member: EtcdMember = { poolId: pool.id, ...local, ...place, files };
  const believes = (await believedForEtcd(runtime.files, files)).map(fingerprintOf);
  const terms = { believes, refuses: [] };
  await ensureEtcd(runtime, member, { unit: null, terms });
  const deadlineMs = runtime.clock.monotonicMs() + startsWithinMs;
  for (;;) {
    try {
      const result = await use(name);
      if (unit !== null) await handOver(runtime, member, { unit, terms });
      return result;
    } catch (error) {
      if (codeOf(error) !== 'WK_COORDINATOR_AWAY' || runtime.clock.monotonicMs() >= deadlineMs) throw error;
    }
    await sleep(runtime.timers, retryMs);
  }
}

/** Ours has ended before systemd finds the configuration that it starts its own with: there are never two. */
async function handOver(
  runtime: Runtime,
  member: EtcdMember,
  how: { readonly unit: string; readonly terms: EtcdTerms },
): Promise<void> {
  await endEtcd(runtime, member.files);
  await ensureEtcd(runtime, member, how);
}

/** The member of etcd that a server runs or offers to run; null where it is only a client. */
export function ownMemberOf(
  runtime: Runtime,
  config: ServerConfig,
  coordination: EtcdCoordination,
  { kept, version }: { readonly kept: KeptEtcd; readonly version: string },
): OwnMember | null {
  const run = config.etcd?.run ?? null;
  if (run === null) return null;
  const { coreId, name } = config.server;
  return new OwnMember({
    runtime,
    coordination,
    poolId: config.pool.id,
    owner: { coreId, name, key: keys.server(coreId) },
    place: { client: run.client, peer: run.peer },
    files: etcdFiles(config.data),
    unit: run.unit,
    version,
    terms: kept.terms,
    signedBy: kept.signedBy,
  });
}
