import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ManyAgents } from '../test/pool/many-agents.ts';
import { until, type RealPool, type RealServer } from '../test/pool/real-pool.ts';

const changeMsMax = 30_000;
/** Servers that are asked all the time have no time for agents. */
const lookEveryMs = 20;
/** What has just started compiles its own code first. */
const uncounted = 3;

export interface DeploymentTimes {
  /** Of each change: from sending the request until the last server reads it. */
  readonly serversMs: readonly number[];
  /** The same until the last agent has it in force. */
  readonly agentsMs: readonly number[];
}

export interface DeploymentSize {
  readonly processes: number;
  readonly inside: number;
  readonly changes: number;
  /** `log-file`, of twenty conditions, is what people change most; `command` starts a program on every node with each change. */
  readonly kind?: 'log-file' | 'command';
}

/** How soon a change of a policy is everywhere, made as a person would: one request to one server, another one each time. */
export async function measureDeployment(
  pool: RealPool,
  { processes, inside, changes, kind = 'log-file' }: DeploymentSize,
): Promise<DeploymentTimes> {
  await using agents = await ManyAgents.start(pool, { processes, inside });
  const change = (number: number): Promise<void> =>
    write(serverAt(pool, number), sourceOf(kind, pool.folder, number));
  mkdirSync(path.dirname(logOf(pool.folder)));
  writeFileSync(logOf(pool.folder), '');
  await change(0);
  await serverAt(pool, 0).api.request('PUT', '/api/v1/node-groups/all', {
    nodes: ['*'],
    policies: ['watched'],
  });
  await until(
    `${agents.names.length} agents run it`,
    async () => {
      const current = await currentOn(serverAt(pool, 0));
      return agents.names.every((name) => current.has(name));
    },
    120_000,
    250,
  );
  const serversMs: number[] = [];
  const agentsMs: number[] = [];
  for (let number = 1; number <= uncounted + changes; number++) {
    const startedMs = performance.now();
    const sinceStart = (): number => performance.now() - startedMs;
    const onServers = Promise.all(pool.servers.map((server) => seenAt(server, number))).then(sinceStart);
    const onAgents = agents.allChanged(changeMsMax).then(sinceStart);
    await change(number);
    const [servers, all] = [await onServers, await onAgents];
    if (number <= uncounted) continue;
    serversMs.push(servers);
    agentsMs.push(all);
  }
  return { serversMs, agentsMs };
}

function serverAt(pool: RealPool, number: number): RealServer {
  const server = pool.servers[number % pool.servers.length];
  if (!server) throw new Error('the pool has no server');
  return server;
}

/** In a folder of its own: agents look through it for rotated files. */
const logOf = (folder: string): string => path.join(folder, 'watched', 'app.log');
const conditionCount = 20;

/** As a definition of a policy, another one for each number, which stands in its `group`. */
function sourceOf(kind: 'log-file' | 'command', folder: string, number: number): Record<string, unknown> {
  const group = `change-${number}`;
  const name = 'watched';
  if (kind === 'command') return { kind, name, command: ['/bin/true'], every: '24h', group };
  const match = (at: number): string => `^(?<object>[a-z]+)-${at}: (?<text>(?:error|failure) .*)$`;
  const conditions = Array.from({ length: conditionCount }, (_, at) => ({
    match: match(at),
    severity: 'major',
    group,
  }));
  return { kind, name, path: logOf(folder), conditions };
}

async function write({ api }: RealServer, source: Record<string, unknown>): Promise<void> {
  await api.request('PUT', '/api/v1/policies/watched', { source }, changeMsMax);
}

async function seenAt({ api }: RealServer, number: number): Promise<void> {
  const path = '/api/v1/config/definition?kind=policy&name=watched';
  await until(
    `a server reads change ${number}`,
    async () => (await api.text(path, 5_000)).includes(`"change-${number}"`),
    changeMsMax,
    lookEveryMs,
  );
}

const deploymentSchema = z.object({ nodes: z.array(z.object({ name: z.string(), state: z.string() })) });

async function currentOn({ api }: RealServer): Promise<Set<string>> {
  const { nodes } = deploymentSchema.parse(await api.get('/api/v1/deployment', 5_000));
  return new Set(nodes.filter(({ state }) => state === 'current').map(({ name }) => name));
}
