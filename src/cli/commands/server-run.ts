import type { Command } from '@commander-js/extra-typings';
import type { Coordination } from '../../coordination/coordination.ts';
import { keys } from '../../model/definitions.ts';
import { codeOf, textOf, WatchError } from '../../model/errors.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { every } from '../../runtime/timing.ts';
import { readYamlFile } from '../../runtime/yaml-file.ts';
import { serverConfigSchema, type ServerConfig } from '../../server/config.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../config-option.ts';
import { resolvePath } from '../resolve-path.ts';
import { ServiceManager } from '../service-manager.ts';

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
  const [
    { embeddedPath, openCoordination },
    { startKeeper },
    { timingsDefault },
    { assertHere },
    { keepAlive },
  ] = await Promise.all([
    import('../../coordination/open.ts'),
    import('../../pool/keeper.ts'),
    import('../../pool/timings.ts'),
    import('../with-coordinator.ts'),
    import('../../runtime/node/keep-alive.ts'),
  ]);
  await assertHere(runtime, config.coordination);
  const signal = cli.stopSignal();
  using _etcd = await startEtcd(runtime, config);
  const coordination = await openCoordination(config.coordination, runtime, config.lease.callTimeoutMs);
  // Between two runs of the server process nothing else would keep the keeper running.
  const letEnd = keepAlive();
  try {
    await assertMember(coordination, config);
    const keeper = await startKeeper({
      runtime,
      coordination,
      coreId: config.server.coreId,
      folder: config.data,
      serverArgs: ['server', 'run-process', '--config', path],
      version: cli.version,
      timings: { ...timingsDefault, ...config.lease },
      remembersRevision: embeddedPath(config.coordination) === null,
    });
    const stop = (): void => void keeper.stop();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    using service = new ServiceManager(cli, runtime);
    service.ready();
    using _watch = whenRemoved(coordination, config.server.coreId, () => {
      runtime.log.warn('this server was removed from the pool and stops');
      stop();
    });
    await keeper.stopped;
  } finally {
    await coordination.close();
    letEnd();
  }
}

/** With `coordination: managed`: signs its certificate anew and keeps etcd running, which goes on when we end. */
async function startEtcd(runtime: Runtime, config: ServerConfig): Promise<Disposable> {
  if (config.etcd === null) return { [Symbol.dispose]: () => undefined };
  const [{ memberOf, prepareEtcd }, { ensureEtcd, keepEtcd }] = await Promise.all([
    import('../managed-etcd.ts'),
    import('../../coordination/managed/etcd-process.ts'),
  ]);
  const { run } = config.etcd;
  await prepareEtcd(runtime, config, run);
  const signing = every(runtime.timers, signEtcdEveryMs, async () => {
    await prepareEtcd(runtime, config, run).catch((error: unknown) =>
      runtime.log.warn("etcd's certificate could not be signed anew", { error: textOf(error) }),
    );
  });
  if (run === null) return { [Symbol.dispose]: () => signing.cancel() };
  const member = memberOf(config, run);
  await ensureEtcd(runtime, member, run.unit);
  const keeping = keepEtcd(runtime, member, run.unit);
  return {
    [Symbol.dispose]: () => {
      signing.cancel();
      keeping.cancel();
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

/** A server that is no member any more has nothing to keep running. */
function whenRemoved(coordination: Coordination, coreId: string, removed: () => void): Disposable {
  const key = keys.server(coreId);
  let highest = 0;
  const watch = coordination.watch(key, 0, ({ reset, revision, items }) => {
    const wentBack = reset && revision < highest;
    highest = Math.max(highest, revision);
    const last = items.findLast((item) => item.key === key);
    if (!wentBack && (last === undefined ? reset : last.value === null)) removed();
  });
  return { [Symbol.dispose]: () => watch.close() };
}
