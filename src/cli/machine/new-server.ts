import { Option } from '@commander-js/extra-typings';
import { dirname } from 'node:path';
import { addressText, isEveryAddress, type Address } from '../../model/address.ts';
import { WatchError } from '../../model/errors.ts';
import type { Files } from '../../runtime/files.ts';
import type { Credentials } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Authority } from '../../security/authority.ts';
import { writeAuthorityFile } from '../../security/authority-file.ts';
import { writeIdentityFile } from '../../security/identity-file.ts';
import { serverConfigText, type NewServer } from '../../server/config-text.ts';
import { serverPaths } from '../../server/server-paths.ts';
import { addressOption } from '../options/address-option.ts';
import type { Cli } from '../cli.ts';
import { serverUrl } from '../options/client-options.ts';
import { resolvePath } from '../resolve-path.ts';

/** What `pool create`, `server join` and their kind say about the place of a new server. */
export const newServerOptions = {
  listen: new Option('--listen <HOST:PORT>', 'where agents, servers and people connect to')
    .argParser(addressOption)
    .makeOptionMandatory(),
  url: new Option('--url <URL>', 'how the others reach it, when that differs from --listen').argParser(
    serverUrl,
  ),
  config: new Option('--config <FILE>', 'the configuration to write').makeOptionMandatory(),
  data: new Option('--data <DIR>', 'the folder for its database and keys').makeOptionMandatory(),
} as const;

export interface Place {
  readonly listen: Address;
  readonly url: string;
  readonly config: string;
  readonly data: string;
}

/** The place with absolute paths. WK_BAD_REQUEST when nobody could tell how to reach it. */
export function placeOf(
  cli: Cli,
  options: {
    readonly listen: Address;
    readonly url?: string;
    readonly config: string;
    readonly data: string;
  },
): Place {
  if (options.url === undefined && isEveryAddress(options.listen))
    throw new WatchError(
      'WK_BAD_REQUEST',
      `--listen ${addressText(options.listen)} is every address of this machine; say with --url which one the others use`,
    );
  return {
    listen: options.listen,
    url: options.url ?? `https://${addressText(options.listen)}`,
    config: resolvePath(cli, options.config),
    data: resolvePath(cli, options.data),
  };
}

/** WK_CONFLICT when something is there that a new server would overwrite. */
export async function assertUnused(
  files: Files,
  { config, data }: Pick<Place, 'config' | 'data'>,
): Promise<void> {
  const { database, identity, authority } = serverPaths(data);
  for (const path of [config, database, identity, authority])
    if ((await files.status(path)) !== null)
      throw new WatchError('WK_CONFLICT', `${path}: is there already; choose another --config and --data`);
}

/** Host names and addresses that a server's certificate names for tools that are not ours. */
export function hostsOf({ listen, url }: Place, hostName: string): string[] {
  const hosts = [new URL(url).hostname.replaceAll(/^\[|\]$/g, ''), listen.host, hostName];
  return [...new Set(hosts.filter((host) => !isEveryAddress({ host, port: 0 })))];
}

/** Writes what a server needs to run: its identity, the authority's key, and last its configuration. */
export async function writeNewServer(
  runtime: Pick<Runtime, 'files' | 'commands' | 'random'>,
  place: Place,
  server: {
    readonly names: Pick<NewServer, 'pool' | 'server' | 'coordination' | 'etcd'>;
    readonly credentials: Credentials;
    readonly authority: Authority;
  },
): Promise<void> {
  const { data, config, listen, url } = place;
  const { files } = runtime;
  const paths = serverPaths(data);
  await files.makeDirectory(data, 0o700);
  await files.makeDirectory(dirname(config), 0o755);
  await writeIdentityFile(files, paths.identity, server.credentials);
  await writeAuthorityFile(runtime, paths.authority, server.authority);
  const text = serverConfigText({ ...server.names, listen: addressText(listen), url, data });
  await files.writeAtomic(config, text, 0o600);
}
