import type { Command } from '@commander-js/extra-typings';
import { keys } from '../../model/definitions.ts';
import { readYamlFile } from '../../runtime/yaml-file.ts';
import { checkPrivate } from '../../security/private-files.ts';
import type { Cli } from '../cli.ts';
import { resolvePath } from '../resolve-path.ts';
import { ServiceManager } from '../machine/service-manager.ts';
import { whenRemoved } from '../machine/when-removed.ts';
import { witnessConfigOption, witnessConfigSchema } from '../machine/witness-config.ts';

/** By then the others have taken its member out of etcd, if they can. */
const leavesEtcdWithinMs = 120_000;

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Keeps this machine's member of the pool's etcd running until it is told to stop (SIGTERM, Ctrl-C); etcd itself goes on
then. Logs to standard error, one JSON document a line.
`,
    )
    .addOption(witnessConfigOption())
    .action(({ config }) => run(cli, config));
}

async function run(cli: Cli, configPath: string): Promise<void> {
  const path = resolvePath(cli, configPath);
  const config = await readYamlFile((await cli.runtime()).files, path, witnessConfigSchema);
  const plain = await cli.runtime(config.logLevel);
  const log = plain.log.with({ process: 'witness', witness: config.witness.name });
  const runtime = { ...plain, log };
  const [
    { openEtcdAt },
    { etcdFiles, managedUrl },
    { OwnMember },
    { lockData },
    { keepAlive },
    { keepWitnessEtcd },
  ] = await Promise.all([
    import('../../coordination/open.ts'),
    import('../../coordination/managed/etcd-files.ts'),
    import('../../coordination/managed/own-member.ts'),
    import('../../pool/keeper-file.ts'),
    import('../../runtime/node/keep-alive.ts'),
    import('../machine/witness-etcd.ts'),
  ]);
  const { pool, witness, data, etcd } = config;
  const { key: keyFile } = etcdFiles(data);
  for (const warning of await checkPrivate(runtime.files, { config: path, data, further: [keyFile] }))
    log.warn(warning);
  const lock = await lockData(runtime.databases, runtime.files, data);
  const coordination = await openEtcdAt(managedUrl(etcd.endpoints, pool.id, data), runtime);
  const letEnd = keepAlive();
  const signal = cli.stopSignal();
  const key = keys.witness(witness.coreId);
  try {
    const files = etcdFiles(data);
    using kept = await keepWitnessEtcd(runtime, coordination, files);
    using member = new OwnMember({
      runtime,
      coordination,
      poolId: pool.id,
      owner: { ...witness, key },
      place: { client: etcd.run.client, peer: etcd.run.peer },
      files,
      unit: etcd.run.unit,
      version: cli.version,
      terms: kept.terms,
      signedBy: kept.signedBy,
    });
    await member.start();
    using service = new ServiceManager(cli, runtime);
    service.ready();
    log.info('the witness is up', { client: etcd.run.client });
    const ended = Promise.withResolvers<'stopped' | 'removed'>();
    signal.addEventListener('abort', () => ended.resolve('stopped'), { once: true });
    if (signal.aborted) ended.resolve('stopped');
    using _watch = whenRemoved(runtime, coordination, key, () => ended.resolve('removed'));
    if ((await ended.promise) === 'stopped') return;
    log.warn('this witness was removed from the pool and stops');
    await member.leave(leavesEtcdWithinMs);
  } finally {
    await coordination.close();
    lock.release();
    letEnd();
  }
}
