import type { Command } from '@commander-js/extra-typings';
import type { EtcdPlace } from '../../coordination/managed/local-member.ts';
import { parseManagedMembers } from '../../coordination/managed/etcd-files.ts';
import type { Address } from '../../model/address.ts';
import { WatchError } from '../../model/errors.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Cli } from '../cli.ts';
import { joinOptions, joinPool, type Joining } from '../machine/join.ts';
import { etcdOptions, etcdPlaceOf, prepareEtcd, unitFor } from '../machine/managed-etcd.ts';
import {
  assertUnused,
  newServerOptions,
  placeOf,
  writeNewServer,
  type Place,
} from '../machine/new-server.ts';
import { printJson } from '../terminal/print.ts';
import { assertHere } from '../machine/with-coordinator.ts';

interface Options extends Joining {
  readonly listen: Address;
  readonly url?: string;
  readonly config: string;
  readonly data: string;
  readonly etcdListen?: Address;
  readonly etcdPeer?: Address;
  readonly etcd: boolean;
  readonly json?: true;
}

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper server join --token TOKEN --server https://127.0.0.1:7101 --name m2 --listen 127.0.0.1:7102 --config m2.yaml --data m2
`,
    )
    .addOption(joinOptions.token)
    .addOption(joinOptions.server)
    .addOption(joinOptions.name)
    .addOption(newServerOptions.listen)
    .addOption(newServerOptions.url)
    .addOption(newServerOptions.config)
    .addOption(newServerOptions.data)
    .addOption(joinOptions.timeout)
    .addOption(joinOptions.wait)
    .addOption(etcdOptions.listen)
    .addOption(etcdOptions.peer)
    .option('--no-etcd', "with managed: run no member of the pool's etcd here, only use it")
    .option('--json', 'print one JSON document')
    .action((options) => run(cli, options));
}

async function run(cli: Cli, options: Options): Promise<void> {
  const runtime = await cli.runtime();
  const place = placeOf(cli, options);
  await assertUnused(runtime.files, place);
  const { bootId } = runtime.commands.self;
  const { coreId, answer, credentials } = await joinPool(cli, runtime, options, {
    kind: 'server',
    url: place.url,
    bootId,
  });
  const { pool, coordination, authorityKeyPem, authorityPems } = answer;
  const [certificatePem] = authorityPems;
  if (coordination === undefined || authorityKeyPem === undefined || certificatePem === undefined)
    throw new WatchError(
      'WK_PROTOCOL',
      'the pool did not say where its coordinator is; it must be a later version',
    );
  const endpoints = parseManagedMembers(coordination);
  if (endpoints === null) await assertHere(runtime, coordination);
  const server = { coreId, name: options.name };
  const authority = { keyPem: authorityKeyPem, certificatePem };
  const run = endpoints === null || !options.etcd ? null : await etcdRun(runtime, options, place);
  const etcd = endpoints === null ? {} : { etcd: { endpoints, ...(run !== null && { run }) } };
  const names = { pool, server, coordination: endpoints === null ? coordination : 'managed', ...etcd };
  await writeNewServer(runtime, place, { names, credentials, authority });
  if (endpoints !== null) {
    const by = { authority, believed: authorityPems };
    await prepareEtcd(runtime, { pool, server, data: place.data }, run, by);
  }
  if (options.json)
    return printJson(cli, { pool, server: { coreId, name: options.name }, config: place.config });
  cli.stdout.write(
    `server ${options.name} has joined the pool ${pool.name}; start it with:\n  watchkeeper server run --config ${place.config}\n`,
  );
}

/** Where this server offers to run a member of the pool's etcd. */
async function etcdRun(
  runtime: Runtime,
  { etcdListen, etcdPeer }: Options,
  { url, data }: Place,
): Promise<EtcdPlace & { readonly unit?: string }> {
  const unit = await unitFor(runtime, data);
  return { ...etcdPlaceOf(url, { client: etcdListen, peer: etcdPeer }), ...(unit !== null && { unit }) };
}
