import { codeOf, errorTable, WatchError } from '../../model/errors.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleep } from '../../runtime/timing.ts';
import type { Cli } from '../cli.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';
import type { DemoAgent, DemoPool, DemoServer } from './demo-pool.ts';
import type { DemoProcesses } from './demo-processes.ts';
import { orderRoles } from './order-roles.ts';
import { demoTarget } from './pool-watch.ts';
import { demoPolicies, type PolicyDraft } from './policies.ts';
import { runInProcess } from './run-in-process.ts';

const poolName = 'demo';
const virtualName = 'main';
const readyMsMax = 20_000;

export interface StartPool {
  readonly cli: Cli;
  readonly runtime: Runtime;
  readonly pool: DemoPool;
  readonly processes: DemoProcesses;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** Founds the pool and starts its processes: the same commands, in the same order, as by hand. */
export async function startPool(start: StartPool): Promise<void> {
  const [first, ...others] = start.pool.servers;
  if (first === undefined) throw new WatchError('WK_BAD_REQUEST', 'a pool has at least one server');
  await createPool(start, first);
  await Promise.all(others.map((server) => joinServer(start, server, first)));
  await rememberPool(start);
  await withCoordinator(start.cli, first.configPath, ({ coordination }) => orderRoles(coordination));
  start.say(`${start.pool.servers.length} servers run`);
  const policies = await demoPolicies(start.runtime.files, start.pool, `${start.cli.folder}/plugins`);
  await Promise.all(start.pool.agents.map((agent, index) => joinAgent(start, agent, policies[index] ?? [])));
  start.say(`${start.pool.agents.length} agents run`);
}

async function createPool(start: StartPool, first: DemoServer): Promise<void> {
  const { cli, pool } = start;
  await runInProcess(cli, pool.folder, [
    'pool',
    'create',
    ...flags({ name: poolName, server: first.name, identity: pool.identityPath }),
    ...places(first),
  ]);
  const address = new URL(pool.virtualUrl).host;
  const where = flags({ address, config: first.configPath });
  await runInProcess(cli, pool.folder, ['virtual-interface', 'add', virtualName, ...where]);
  start.say(`pool ${poolName} founded, with an authority of its own`);
  await runServer(start, first);
}

/** A context of its own in the demo's folder, so that commands at it need no addresses. */
async function rememberPool({ cli, pool }: StartPool): Promise<void> {
  const urls = [pool.virtualUrl, ...pool.servers.map(({ url }) => url)];
  await runInProcess(cli, pool.folder, [
    'context',
    'add',
    poolName,
    ...urls.flatMap((server) => flags({ server })),
    ...flags({ identity: pool.identityPath }),
  ]);
}

async function joinServer(start: StartPool, server: DemoServer, first: DemoServer): Promise<void> {
  const token = await joinToken(start, 'server', server.name);
  await runInProcess(start.cli, start.pool.folder, [
    'server',
    'join',
    ...flags({ token, server: first.url, name: server.name }),
    ...places(server),
  ]);
  await runServer(start, server);
}

async function runServer(start: StartPool, server: DemoServer): Promise<void> {
  start.processes.start(
    server.name,
    'server',
    ['server', 'run', '--config', server.configPath],
    server.logPath,
  );
  await untilReady(start, server);
}

async function joinAgent(
  start: StartPool,
  agent: DemoAgent,
  policies: readonly PolicyDraft[],
): Promise<void> {
  const { cli, runtime, pool, processes } = start;
  const token = await joinToken(start, 'agent', agent.name);
  const folder = `${agent.dataPath}/policies`;
  await runtime.files.makeDirectory(folder, 0o700);
  const urls = [pool.virtualUrl, ...pool.servers.map(({ url }) => url)];
  await runInProcess(cli, pool.folder, [
    'agent',
    'join',
    ...flags({ token, name: agent.name, config: agent.configPath, data: agent.dataPath }),
    ...urls.flatMap((server) => flags({ server })),
  ]);
  // JSON is YAML.
  for (const policy of policies)
    await runtime.files.writeAtomic(`${folder}/${policy.name}.yaml`, JSON.stringify(policy, null, 2), 0o600);
  processes.start(agent.name, 'agent', ['agent', 'run', '--config', agent.configPath], agent.logPath);
}

function joinToken({ cli, pool }: StartPool, kind: 'server' | 'agent', name: string): Promise<string> {
  const config = pool.servers[0]?.configPath ?? '';
  return runInProcess(cli, pool.folder, ['pool', 'token', ...flags({ for: kind, name, config })]);
}

function places({ url, configPath, dataPath }: DemoServer): string[] {
  return flags({ listen: new URL(url).host, config: configPath, data: dataPath });
}

function flags(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
}

/** Waits until a server says that it can serve. */
async function untilReady(
  { runtime, pool, signal }: StartPool,
  { name, url, logPath }: DemoServer,
): Promise<void> {
  const { clock, timers, network } = runtime;
  const { trust } = await demoTarget(runtime, pool, [url]);
  const deadlineMs = clock.monotonicMs() + readyMsMax;
  while (!signal.aborted && clock.monotonicMs() < deadlineMs) {
    try {
      const { status } = await network.call({ url: `${url}/readyz`, method: 'GET', timeoutMs: 1_000, trust });
      if (status === 200) return;
    } catch (error) {
      if (!errorTable[codeOf(error)].retry) throw error;
    }
    await sleep(timers, 50, signal);
  }
  if (!signal.aborted)
    throw new WatchError(
      'WK_TIMEOUT',
      `${name} was not ready within ${readyMsMax / 1000} s; its log is ${logPath}`,
    );
}
