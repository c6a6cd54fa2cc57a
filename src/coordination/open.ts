import { WatchError } from '../model/errors.ts';
import type { Clock, Timers } from '../runtime/clock.ts';
import type { Databases } from '../runtime/database.ts';
import type { Files } from '../runtime/files.ts';
import type { Log } from '../runtime/log.ts';
import type { Credentials } from '../runtime/network.ts';
import type { Coordination } from './coordination.ts';
import { openEmbedded } from './embedded.ts';
import { parseEtcdUrl, type EtcdFiles } from './etcd/etcd-url.ts';
import type { EtcdCoordination } from './etcd/open-etcd.ts';
import { Roster } from './etcd/roster.ts';

export interface CoordinationPorts {
  readonly databases: Databases;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly files: Files;
  readonly log: Log;
}

/**
 * Opens the coordinator that a URL names: `sqlite:/PATH`, `etcd://HOST:PORT,…/PREFIX`, or
 * `etcds://HOST:PORT,…/PREFIX?ca=/PATH&cert=/PATH&key=/PATH`. `callMs` is how long a call may take. Errors: WK_CONFIG
 * for any other, WK_NOT_FOUND or WK_DENIED for the files it names. Whether etcd answers is left to the calls.
 */
export async function openCoordination(
  url: string,
  ports: CoordinationPorts,
  callMs?: number,
): Promise<Coordination> {
  const path = embeddedPath(url);
  const limit = callMs === undefined ? {} : { callMs };
  if (path !== null) return openEmbedded({ path, ...ports, ...limit });
  return await openEtcdAt(url, ports, callMs);
}

/** As `openCoordination`, of an etcd alone: its members can be looked at and changed, too. */
export async function openEtcdAt(
  url: string,
  ports: CoordinationPorts,
  callMs?: number,
): Promise<EtcdCoordination> {
  const place = parseEtcdUrl(url);
  if (place === null) throw unknownKind(url);
  const { files } = place;
  const freshCredentials =
    files === null ? undefined : (): Promise<Credentials> => readCredentials(ports.files, files);
  const credentials = await freshCredentials?.();
  const roster = place.roster === null ? undefined : new Roster(ports.files, place.roster);
  const endpoints = (await roster?.read()) ?? place.endpoints;
  // gRPC takes long to load; only pools with etcd pay for it.
  const { openEtcd } = await import('./etcd/open-etcd.ts');
  const limit = callMs === undefined ? {} : { callMs };
  return openEtcd({ ...place, ...ports, ...limit, endpoints, credentials, freshCredentials, roster });
}

/** The file behind a `sqlite:` URL, which serves one machine; null for a coordinator that serves many. WK_CONFIG. */
export function embeddedPath(url: string): string | null {
  if (parseEtcdUrl(url) !== null) return null;
  const [, scheme = '', path = ''] = /^([a-z0-9+]*):?(.*)$/s.exec(url) ?? [];
  if (scheme === 'sqlite' && path.startsWith('/')) return path;
  if (scheme === 'sqlite')
    throw refusal(
      `coordination: ${url} must name an absolute path, for example sqlite:/var/lib/watchkeeper/coordination.db`,
    );
  throw unknownKind(url);
}

async function readCredentials(files: Files, { ca, cert, key }: EtcdFiles): Promise<Credentials> {
  const [authority, certificatePem, keyPem] = await Promise.all([
    files.readText(ca),
    files.readText(cert),
    files.readText(key),
  ]);
  return { authorityPems: [authority], certificatePem, keyPem };
}

function unknownKind(url: string): WatchError {
  return refusal(
    `coordination: ${url} is of no known kind; use sqlite:/PATH/coordination.db or etcd://HOST:PORT/PREFIX`,
  );
}

function refusal(text: string): WatchError {
  return new WatchError('WK_CONFIG', text);
}
