import { Option, type Command } from '@commander-js/extra-typings';
import { dirname } from 'node:path';
import type { Coordination } from '../../coordination/coordination.ts';
import { embeddedPath, openCoordination } from '../../coordination/open.ts';
import { managedUrl } from '../../coordination/managed/etcd-files.ts';
import type { Address } from '../../model/address.ts';
import type { Identity, IdentityKind } from '../../model/identity.ts';
import { uuidV4 } from '../../model/uuid.ts';
import type { Credentials } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { issueCertificate, makeAuthority, type Authority } from '../../security/authority.ts';
import { writeIdentityFile } from '../../security/identity-file.ts';
import { newSessionKey } from '../../access/session-keys.ts';
import { newSetupToken, setupPath } from '../../access/setup-token.ts';
import { makeKeyPair } from '../../security/key-pair.ts';
import { keys } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import type { NewServer } from '../../server/config-text.ts';
import type { Cli } from '../cli.ts';
import { etcdOptions, etcdPlaceOf, prepareEtcd, unitFor, withNewEtcd } from '../machine/managed-etcd.ts';
import { configFolder, readContexts, writeContexts } from '../asking/contexts.ts';
import { foundPool } from '../machine/found-pool.ts';
import { nameOption } from '../options/name-option.ts';
import {
  assertUnused,
  hostsOf,
  newServerOptions,
  placeOf,
  writeNewServer,
  type Place,
} from '../machine/new-server.ts';
import { note, printJson } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';

type Options = {
  readonly name: string;
  readonly server: string;
  readonly listen: Address;
  readonly url?: string;
  readonly config: string;
  readonly data: string;
  readonly coordination?: string;
  readonly etcdListen?: Address;
  readonly etcdPeer?: Address;
  readonly identity?: string;
  readonly json?: true;
};

const adminName = 'admin';

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper pool create --name north --server m1 --listen 127.0.0.1:7101 --config m1.yaml --data m1
  watchkeeper server run --config m1.yaml
  watchkeeper pool status
`,
    )
    .addOption(new Option('--name <POOL>', "the pool's name").argParser(nameOption).makeOptionMandatory())
    .addOption(
      new Option('--server <NAME>', "its first server's name").argParser(nameOption).makeOptionMandatory(),
    )
    .addOption(newServerOptions.listen)
    .addOption(newServerOptions.url)
    .addOption(newServerOptions.config)
    .addOption(newServerOptions.data)
    .option(
      '--coordination <URL>',
      'where the pool keeps who is in charge: managed (etcd that its servers run), sqlite:/PATH or etcd://HOST:PORT,…/PREFIX (default: a file beside --data)',
    )
    .addOption(etcdOptions.listen)
    .addOption(etcdOptions.peer)
    .option('--identity <FILE>', "where to write the administrator's identity (default: your settings)")
    .option('--json', 'print one JSON document')
    .action((options) => run(cli, options));
}

async function run(cli: Cli, options: Options): Promise<void> {
  const runtime = await cli.runtime();
  const place = placeOf(cli, options);
  await assertUnused(runtime.files, place);
  const isManaged = options.coordination === 'managed';
  if ((options.etcdListen ?? options.etcdPeer) !== undefined && !isManaged)
    throw new WatchError('WK_BAD_REQUEST', '--etcd-listen and --etcd-peer are for --coordination managed');
  const draw = (): string => uuidV4(runtime.random.bytes(16));
  const pool = { id: draw(), name: options.name };
  const server = { coreId: draw(), name: options.server };
  const admin = { coreId: draw(), name: adminName };
  const authority = await makeAuthority(pool.name, runtime);

  const setupToken = newSetupToken(runtime.random);
  const sessionKey = newSessionKey(runtime.random, runtime.clock.wallMs());
  const etcd = { client: options.etcdListen, peer: options.etcdPeer };
  const founding = {
    pool,
    server: { ...server, url: place.url },
    admin,
    authority,
    lineage: draw(),
    setupToken,
    sessionKey,
  };
  const found = (store: Coordination): Promise<void> => foundPool(store, founding, runtime.clock);
  const where = isManaged
    ? await inOwnEtcd(runtime, { pool, server, place, authority, ...etcd }, found)
    : await inGiven(
        runtime,
        options.coordination ?? `sqlite:${dirname(place.data)}/${options.name}-coordination.db`,
        found,
      );
  const { coordination } = where;
  const issue = (kind: IdentityKind, who: { readonly coreId: string; readonly name: string }) =>
    newCredentials(runtime, authority, { pool: pool.id, kind, coreId: who.coreId }, who.name, place);
  await writeNewServer(runtime, place, {
    names: { pool, server, ...where },
    credentials: await issue('server', server),
    authority,
  });
  const identity =
    options.identity === undefined
      ? `${configFolder(cli)}/${pool.name}-${adminName}.pem`
      : resolvePath(cli, options.identity);
  await runtime.files.makeDirectory(dirname(identity), 0o700);
  await writeIdentityFile(runtime.files, identity, await issue('user', admin));
  await rememberContext(cli, runtime, pool.name, { servers: [place.url], identity });
  report(cli, options, {
    pool,
    server,
    url: place.url,
    config: place.config,
    coordination,
    identity,
    setup: place.url + setupPath(setupToken, adminName),
  });
}

type Where = Pick<NewServer, 'coordination' | 'etcd'>;

async function inGiven(
  runtime: Runtime,
  coordination: string,
  found: (store: Coordination) => Promise<void>,
): Promise<Where> {
  await inCoordinator(runtime, coordination, found);
  return { coordination };
}

/** The first member of the pool's own etcd, which goes on running for the server that is started next. */
async function inOwnEtcd(
  runtime: Runtime,
  made: {
    readonly pool: NewServer['pool'];
    readonly server: NewServer['server'];
    readonly place: Place;
    readonly authority: Authority;
    readonly client: Address | undefined;
    readonly peer: Address | undefined;
  },
  found: (store: Coordination) => Promise<void>,
): Promise<Where> {
  const { pool, server, place, authority } = made;
  const run = etcdPlaceOf(place.url, made);
  const config = { pool, server, data: place.data };
  await runtime.files.makeDirectory(place.data, 0o700);
  await prepareEtcd(runtime, config, run, {
    authority,
    believed: [authority.certificatePem],
  });
  const endpoints = [run.client];
  const url = managedUrl(endpoints, pool.id, place.data);
  const unit = await unitFor(runtime, place.data);
  await withNewEtcd(runtime, config, { place: run, token: pool.id, unit }, (name) =>
    inCoordinator(runtime, url, async (store) => {
      await found(store);
      const item = { key: keys.etcdMember(server.coreId), value: JSON.stringify({ ...run, name }) };
      await store.transact({ conditions: [], writes: [item] });
    }),
  );
  return { coordination: 'managed', etcd: { endpoints, run: { ...run, ...(unit !== null && { unit }) } } };
}

async function inCoordinator(
  runtime: Runtime,
  url: string,
  run: (store: Coordination) => Promise<void>,
): Promise<void> {
  const path = embeddedPath(url);
  if (path !== null) await runtime.files.makeDirectory(dirname(path), 0o700);
  const store = await openCoordination(url, runtime);
  try {
    await run(store);
  } finally {
    await store.close();
  }
}

async function newCredentials(
  runtime: Runtime,
  authority: Authority,
  identity: Identity,
  name: string,
  place: Place,
): Promise<Credentials> {
  const { keyPem, publicKeyPem } = makeKeyPair();
  const hosts = hostsOf(place, runtime.commands.hostName);
  const certificatePem = await issueCertificate(authority, { identity, publicKeyPem, name, hosts }, runtime);
  return { keyPem, certificatePem, authorityPems: [authority.certificatePem] };
}

async function rememberContext(
  cli: Cli,
  { files }: Runtime,
  name: string,
  context: { readonly servers: string[]; readonly identity: string },
): Promise<void> {
  const { contexts } = await readContexts(files, cli);
  if (Object.hasOwn(contexts, name)) note(cli, `the context ${name} now means this pool`);
  await writeContexts(files, cli, { current: name, contexts: { ...contexts, [name]: context } });
}

function report(
  cli: Cli,
  { json }: Options,
  made: {
    readonly pool: { readonly id: string; readonly name: string };
    readonly server: { readonly name: string };
    readonly url: string;
    readonly config: string;
    readonly coordination: string;
    readonly identity: string;
    /** With it the administrator sets a password, once, within a day. */
    readonly setup: string;
  },
): void {
  if (json) return printJson(cli, made);
  cli.stdout.write(
    `pool ${made.pool.name} is founded
  configuration   ${made.config}
  your identity   ${made.identity}
  coordinator     ${made.coordination}
  your password   ${made.setup}
Start its first server with:
  watchkeeper server run --config ${made.config}
`,
  );
}
