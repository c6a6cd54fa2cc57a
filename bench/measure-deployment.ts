import { z } from 'zod';
import { ManyAgents } from '../test/pool/many-agents.ts';
import { until, type RealPool, type RealServer } from '../test/pool/real-pool.ts';

const changeMsMax = 30_000;
const lookEveryMs = 10;

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
}

/** How soon a change of a policy is everywhere, made as a person would: one request to one server, another one each time. */
export async function measureDeployment(
  pool: RealPool,
  { processes, inside, changes }: DeploymentSize,
): Promise<DeploymentTimes> {
  await using agents = await ManyAgents.start(pool, { processes, inside });
  await change(pool, 0);
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
  for (let number = 1; number <= changes; number++) {
    const startedMs = performance.now();
    const sinceStart = (): number => performance.now() - startedMs;
    const onServers = Promise.all(pool.servers.map((server) => seenAt(server, number))).then(sinceStart);
    const onAgents = agents.allChanged(changeMsMax).then(sinceStart);
    await change(pool, number);
    serversMs.push(await onServers);
    agentsMs.push(await onAgents);
  }
  return { serversMs, agentsMs };
}

function serverAt(pool: RealPool, number: number): RealServer {
  const server = pool.servers[number % pool.servers.length];
  if (!server) throw new Error('the pool has no server');
  return server;
}

async function change(pool: RealPool, number: number): Promise<void> {
  const source = { kind: 'command', name: 'watched', command: ['/bin/true', String(number)], every: '24h' };
  await serverAt(pool, number).api.request('PUT', '/api/v1/policies/watched', { source }, changeMsMax);
}

const policySchema = z.object({ content: z.object({ command: z.array(z.string()) }) });

async function seenAt({ api }: RealServer, number: number): Promise<void> {
  const path = '/api/v1/config/definition?kind=policy&name=watched';
  await until(
    `a server reads change ${number}`,
    async () => policySchema.parse(await api.get(path, 5_000)).content.command[1] === String(number),
    changeMsMax,
    lookEveryMs,
  );
}

const deploymentSchema = z.object({ nodes: z.array(z.object({ name: z.string(), state: z.string() })) });

async function currentOn({ api }: RealServer): Promise<Set<string>> {
  const { nodes } = deploymentSchema.parse(await api.get('/api/v1/deployment', 5_000));
  return new Set(nodes.filter(({ state }) => state === 'current').map(({ name }) => name));
}
