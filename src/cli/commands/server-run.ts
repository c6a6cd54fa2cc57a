import type { Command } from '@commander-js/extra-typings';
import type { Coordination } from '../../coordination/coordination.ts';
import type { EtcdCoordination } from '../../coordination/etcd/open-etcd.ts';
import { memoryOfOneMs } from '../../coordination/managed/witness-watch.ts';
import type { OwnMember } from '../../coordination/managed/own-member.ts';
import { actingRole, keys } from '../../model/definitions.ts';
import { codeOf, textOf, WatchError } from '../../model/errors.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { every } from '../../runtime/timing.ts';
import { readYamlFile } from '../../runtime/yaml-file.ts';
import { checkPrivate } from '../../security/private-files.ts';
import { serverConfigSchema, type ServerConfig } from '../../server/config.ts';
import type { Keeper, KeeperOptions } from '../../pool/keeper-options.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { privatePlace } from '../machine/private-place.ts';
import { resolvePath } from '../resolve-path.ts';
import { ServiceManager } from '../machine/service-manager.ts';
import { whenRemoved } from '../machine/when-removed.ts';

/** By then the others have taken its member out of etcd, if they can. */
const leavesEtcdWithinMs = 120_000;

const signEtcdEveryMs = 86_400_000;

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Runs until it is told to stop (SIGTERM, Ctrl-C) and logs to standard error, one JSON document a line.
`,
    )
    .addOption(configOption())
    .action(({ config }) => run(cli, config));
}

async function run(cli: Cli, configPath: string): Promise<void> {
  const path = resolvePath(cli, configPath);
  const config = await readYamlFile((await cli.runtime()).files, path, serverConfigSchema);
  const plain = await cli.runtime(config.logLevel);
  const runtime = { ...plain, log: plain.log.with({ process: 'keeper', server: config.server.name }) };
  const [{ embeddedPath }, { startKeeper }, { assertHere }, { keepAlive }] = await Promise.all([
    import('../../coordination/open.ts'),
    import('../../pool/keeper.ts'),
    import('../machine/with-coordinator.ts'),
    import('../../runtime/node/keep-alive.ts'),
  ]);
  await assertHere(runtime, config.coordination);
  for (const warning of await checkPrivate(runtime.files, privatePlace(path, config)))
    runtime.log.warn(warning);
  const signal = cli.stopSignal();
  const {
    coordination,
    etcd,
    member,
    stop: stopSigning,
  } = await openCoordinator(runtime, config, cli.version);
  // Between two runs of the server process nothing else would keep the keeper running.
  const letEnd = keepAlive();
  try {
    await member?.start();
    await assertMember(coordination, config);
    const keeper = await startKeeper({
      runtime,
      coordination,
      coreId: config.server.coreId,
      folder: config.data,
      serverArgs: ['server', 'run-process', '--config', path],
      version: cli.version,
      timings: config.lease,
      remembersRevision: embeddedPath(config.coordination) === null,
      ...whereaboutsOf(etcd),
    });
    const stop = (): void => void keeper.stop();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    using service = new ServiceManager(cli, runtime);
    service.ready();
    let removed = false;
    using _watch = whenRemoved(runtime, coordination, keys.server(config.server.coreId), () => {
      runtime.log.warn('this server was removed from the pool and stops');
      removed = true;
      stop();
    });
    using _members = etcd && (await lookAfterEtcd(runtime, etcd, config, keeper));
    await keeper.stopped;
    if (removed) await member?.leave(leavesEtcdWithinMs);
  } finally {
    member?.[Symbol.dispose]();
    stopSigning();
    await coordination.close();
    letEnd();
  }
}

interface Coordinator {
  readonly coordination: Coordination;
  /** With `coordination: managed`. */
  readonly etcd: EtcdCoordination | null;
  /** What this server runs of it. */
  readonly member: OwnMember | null;
  readonly stop: () => void;
}

/** With `coordination: managed` this server's certificate for etcd is signed anew first. */
async function openCoordinator(
  runtime: Runtime,
  config: ServerConfig,
  version: string,
): Promise<Coordinator> {
  const { openCoordination, openEtcdAt } = await import('../../coordination/open.ts');
  const { callTimeoutMs } = config.lease;
  if (config.etcd === null) {
    const coordination = await openCoordination(config.coordination, runtime, callTimeoutMs);
    return { coordination, etcd: null, member: null, stop: () => undefined };
  }
  const { keepEtcd, ownMemberOf, prepareEtcd } = await import('../machine/managed-etcd.ts');
  const { run } = config.etcd;
  await prepareEtcd(runtime, config, run);
  const signing = every(runtime.timers, signEtcdEveryMs, async () => {
    await prepareEtcd(runtime, config, run).catch((error: unknown) =>
      runtime.log.warn("etcd's certificate could not be signed anew", { error: textOf(error) }),
    );
  });
  const etcd = await openEtcdAt(config.coordination, runtime, callTimeoutMs);
  const kept = await keepEtcd(runtime, config, etcd);
  const member = ownMemberOf(runtime, config, etcd, { kept, version });
  const stop = (): void => {
    signing.cancel();
    kept[Symbol.dispose]();
  };
  return { coordination: etcd, etcd, member, stop };
}

/** The pool's own etcd may go on somewhere else. */
function whereaboutsOf(etcd: EtcdCoordination | null): Pick<KeeperOptions, 'whereabouts' | 'memoryMs'> {
  if (etcd === null) return {};
  const whereabouts = {
    endpoints: () => etcd.endpoints,
    follow: (endpoints: readonly string[]) => etcd.goTo(endpoints),
  };
  // Until it is known that more than one votes.
  return { whereabouts, memoryMs: memoryOfOneMs };
}

/** Who votes in the pool's etcd is decided by whoever acts; witnesses help a keeper that starts. */
async function lookAfterEtcd(
  { clock, timers, log }: Runtime,
  coordination: EtcdCoordination,
  { server }: ServerConfig,
  keeper: Keeper,
): Promise<Disposable> {
  const [{ MemberDriver }, { WitnessWatch }] = await Promise.all([
    import('../../coordination/managed/member-driver.ts'),
    import('../../coordination/managed/witness-watch.ts'),
  ]);
  const ports = { coordination, clock, timers, log };
  const isActing = (): boolean => keeper.holds(actingRole);
  const driver = new MemberDriver({ ...ports, coreId: server.coreId, isActing });
  const isWanted = (): boolean => keeper.isWaiting;
  const witnesses = new WitnessWatch({ ...ports, isWanted, tell: (known) => keeper.witnesses(known) });
  return {
    [Symbol.dispose]: () => {
      driver[Symbol.dispose]();
      witnesses[Symbol.dispose]();
    },
  };
}

/** WK_DENIED for a server that was removed. While the coordinator is away nobody can tell; the watch will. */
async function assertMember(coordination: Coordination, { server, pool }: ServerConfig): Promise<void> {
  try {
    if ((await coordination.get(keys.server(server.coreId))) !== null) return;
    // Whoever lists nobody was lost or put back: the keeper knows what to make of that.
    if ((await coordination.get(keys.pool)) === null) return;
  } catch (error) {
    if (codeOf(error) === 'WK_COORDINATOR_AWAY') return;
    throw error;
  }
  throw new WatchError(
    'WK_DENIED',
    `${server.name} is not a server of the pool ${pool.name} (any more); join it anew with another --config and --data`,
  );
}
