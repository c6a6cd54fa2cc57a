import { Option, type Command } from '@commander-js/extra-typings';
import { dirname } from 'node:path';
import { etcdFiles, parseManagedMembers } from '../../coordination/managed/etcd-files.ts';
import { addressText, isEveryAddress, type Address } from '../../model/address.ts';
import { WatchError } from '../../model/errors.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { addressOption } from '../options/address-option.ts';
import type { Cli } from '../cli.ts';
import { joinOptions, joinPool, type Joined, type Joining } from '../machine/join.ts';
import { unitFor } from '../machine/managed-etcd.ts';
import { printJson } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';
import { witnessConfigText } from '../machine/witness-config.ts';

interface Options extends Joining {
  readonly listen: Address;
  readonly peer?: Address;
  readonly config: string;
  readonly data: string;
  readonly json?: true;
}

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper pool token --for witness --config m1.yaml        # on a server of the pool
  watchkeeper witness join --token TOKEN --server https://m1:7101 --name w1 --listen 192.0.2.3:2379 --config w1.yaml --data w1

A witness runs a member of the pool's own etcd and nothing else. With two servers it makes three, so that either of them may
be lost. It needs etcd, and little else of a machine.
`,
    )
    .addOption(joinOptions.token)
    .addOption(joinOptions.server)
    .addOption(joinOptions.name)
    .addOption(
      new Option(
        '--listen <HOST:PORT>',
        'where its etcd answers the servers, under an address that they reach',
      )
        .argParser(addressOption)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--peer <HOST:PORT>',
        'where its etcd answers other members (default: the next port)',
      ).argParser(addressOption),
    )
    .addOption(new Option('--config <FILE>', 'the configuration to write').makeOptionMandatory())
    .addOption(new Option('--data <DIR>', "the folder for its keys and etcd's data").makeOptionMandatory())
    .addOption(joinOptions.timeout)
    .addOption(joinOptions.wait)
    .option('--json', 'print one JSON document')
    .action((options) => run(cli, options));
}

async function run(cli: Cli, options: Options): Promise<void> {
  const runtime = await cli.runtime();
  const config = resolvePath(cli, options.config);
  const data = resolvePath(cli, options.data);
  const { listen, peer = { host: listen.host, port: listen.port + 1 } } = options;
  await assertFree(runtime, [config, etcdFiles(data).folder]);
  for (const address of [listen, peer])
    if (isEveryAddress(address))
      throw new WatchError(
        'WK_BAD_REQUEST',
        `${addressText(address)} is every address of this machine; say which one the others reach`,
      );
  const joined = await joinPool(cli, runtime, options, {
    kind: 'witness',
    hosts: [...new Set([listen.host, peer.host])],
  });
  const { pool, coordination = '' } = joined.answer;
  const endpoints = parseManagedMembers(coordination);
  if (endpoints === null)
    throw new WatchError('WK_PROTOCOL', 'the pool did not say where its etcd is; it must be a later version');
  await writeKeys(runtime, data, joined);
  const unit = await unitFor(runtime, data);
  const witness = { coreId: joined.coreId, name: options.name };
  const place = { client: addressText(listen), peer: addressText(peer), unit };
  const text = witnessConfigText({ pool, witness, data, endpoints, run: place });
  await runtime.files.makeDirectory(dirname(config), 0o755);
  await runtime.files.writeAtomic(config, text, 0o600);
  if (options.json) return printJson(cli, { pool, witness, config });
  cli.stdout.write(
    `witness ${options.name} has joined the pool ${pool.name}; start it with:\n  watchkeeper witness run --config ${config}\n`,
  );
}

async function assertFree({ files }: Runtime, paths: readonly string[]): Promise<void> {
  for (const path of paths)
    if ((await files.status(path)) !== null)
      throw new WatchError('WK_CONFLICT', `${path}: is there already; choose another --config and --data`);
}

/** Its one certificate makes it a member of etcd and a client of it. */
async function writeKeys({ files }: Runtime, data: string, { credentials }: Joined): Promise<void> {
  const { folder, key, cert, ca } = etcdFiles(data);
  await files.makeDirectory(data, 0o700);
  await files.makeDirectory(folder, 0o700);
  await files.writeAtomic(key, credentials.keyPem, 0o600);
  await files.writeAtomic(cert, credentials.certificatePem, 0o600);
  await files.writeAtomic(ca, credentials.authorityPems.join(''), 0o600);
}
