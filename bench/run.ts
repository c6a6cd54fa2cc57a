/**
 * `npm run bench [-- --quick] [-- --json]`: the figures that the README promises, measured with real processes on this
 * machine, load generators included. Medians of five runs; `--quick` runs once with few messages, to see that it runs.
 */
import { cpus, release, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { poolStatus } from '../test/pool/answers.ts';
import { residentBytes } from '../test/pool/process-table.ts';
import { RealPool, until, type RealServer } from '../test/pool/real-pool.ts';
import { figureTable, summarize, type Figure } from './figure.ts';
import { measureDeployment } from './measure-deployment.ts';
import { measureLatency } from './measure-latency.ts';
import { measureQueries } from './measure-queries.ts';
import { ThroughputBench } from './measure-throughput.ts';
import { percentile } from './statistics.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const runs = values.quick ? 1 : 5;
const perRun = values.quick
  ? {
      one: 100_000,
      three: 20_000,
      catchUp: 20_000,
      seconds: 3,
      deployment: { processes: 1, inside: 9, changes: 5 },
    }
  : {
      one: 200_000,
      three: 60_000,
      catchUp: 60_000,
      seconds: 10,
      deployment: { processes: 10, inside: 90, changes: 100 },
    };
const higher = (value: number) => ({ value, better: 'higher' }) as const;
const lower = (value: number) => ({ value, better: 'lower' }) as const;
const megabytes = (bytes: number): number => bytes / 1_000_000;

const figures: Figure[] = [...(await measureOne()), ...(await measureThree())];
const summaries = figures.map(summarize);
const machine = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.versions.node}`;
if (values.json) console.log(JSON.stringify({ machine, runs, figures: summaries }, null, 2));
else console.log(`\n${machine}\nmedians of ${runs}\n\n${figureTable(summaries)}`);

/** One server without peers: throughput, memory and queries over all that was stored. */
async function measureOne(): Promise<Figure[]> {
  await using pool = await RealPool.start({ servers: 1 });
  const server = firstOf(pool);
  await untilIdle();
  const idle = residentOf(server);
  const agents = [await pool.enrolAgent('load-1'), await pool.enrolAgent('load-2')];
  using load = new ThroughputBench(agents);
  const throughputs: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    throughputs.push((await load.run(server.url, perRun.one)).perSecond);
    progress(`one server: ${Math.round(throughputs.at(-1) ?? 0)} messages/s`);
  }
  const stored = (await poolStatus(server.api)).messages.total;
  const full = residentOf(server);
  const queries = await measureQueries(server.api);
  const slowest = Math.max(...Object.values(queries));
  const count = `${stored.toLocaleString('en-US')} messages`;
  return [
    {
      name: 'one server',
      unit: 'messages/s',
      values: throughputs,
      floor: higher(25_000),
      remark: 'stored with fsync',
    },
    { name: 'server memory, idle', unit: 'MB', values: [megabytes(idle)], remark: 'keeper and server' },
    { name: 'server memory, full', unit: 'MB', values: [megabytes(full)], floor: lower(300), remark: count },
    {
      name: 'filtered page of 100',
      unit: 'ms',
      values: [slowest],
      floor: lower(30),
      remark: `slowest of ${Object.entries(queries)
        .map(([name, ms]) => `${name} ${ms.toFixed(1)}`)
        .join(', ')}; ${count}`,
    },
  ];
}

/** A pool of three: throughput with two copies, catching up after an outage, latency, an agent's memory. */
async function measureThree(): Promise<Figure[]> {
  await using pool = await RealPool.start({ servers: 3, agents: 1 });
  const agent = pool.agents[0]?.process.pid ?? 0;
  await untilIdle();
  const agentIdle = residentBytes(agent);
  const agents = [await pool.enrolAgent('load-1'), await pool.enrolAgent('load-2')];
  using load = new ThroughputBench(agents);
  const throughputs: number[] = [];
  let atRisk = 0;
  for (let run = 0; run < runs; run += 1) {
    const result = await load.run(pool.virtualUrl, perRun.three);
    throughputs.push(result.perSecond);
    atRisk += result.atRisk;
    progress(`pool of three: ${Math.round(result.perSecond)} messages/s`);
    await untilEqual(pool);
  }
  const catchUps: number[] = [];
  for (let run = 0; run < runs; run += 1) catchUps.push(await catchUp(pool, load));
  const latencies = await latency(pool);
  const deployed = await deployment(pool);
  return [
    {
      name: 'pool of three',
      unit: 'messages/s',
      values: throughputs,
      floor: higher(6_000),
      remark: atRisk === 0 ? 'each stored twice' : `${atRisk} batches were answered with one copy`,
    },
    {
      name: 'catch-up',
      unit: 'messages/s',
      values: catchUps,
      floor: higher(25_000),
      remark: 'from ready to equal',
    },
    {
      name: 'accepted to visible, p50',
      unit: 'ms',
      values: [percentile(latencies, 50)],
      remark: 'on another server, 1,000/s',
    },
    { name: 'accepted to visible, p99', unit: 'ms', values: [percentile(latencies, 99)], floor: lower(150) },
    { name: 'agent memory, idle', unit: 'MB', values: [megabytes(agentIdle)], floor: lower(90) },
    {
      name: 'agent memory, busy',
      unit: 'MB',
      values: [megabytes(residentBytes(agent))],
      floor: lower(90),
      remark: 'after 1,000 messages/s',
    },
    ...deployed,
  ];
}

/** From sending one request until a changed policy is everywhere. */
async function deployment(pool: RealPool): Promise<Figure[]> {
  const { processes, inside, changes } = perRun.deployment;
  const { serversMs, agentsMs } = await measureDeployment(pool, perRun.deployment);
  progress(
    `deployment: ${Math.round(percentile(agentsMs, 50))} ms until ${processes + inside} agents have it`,
  );
  const figure = (where: string, times: readonly number[]): Figure => ({
    name: `a change is on ${where}, p99`,
    unit: 'ms',
    values: [percentile(times, 99)],
    floor: lower(1_000),
    remark: `p50 ${Math.round(percentile(times, 50))} ms, ${changes} changes`,
  });
  const agents = `${processes + inside} agents`;
  return [figure('three servers', serversMs), figure(agents, agentsMs)];
}

/** Messages a second that a server takes in which missed them, from its being ready to its having them all. */
async function catchUp(pool: RealPool, load: ThroughputBench): Promise<number> {
  const [, , last] = pool.servers;
  if (last === undefined) throw new Error('a pool of three has a third server');
  await last.process.stop();
  await load.run(pool.virtualUrl, perRun.catchUp);
  last.process.start();
  await until(`${last.name} is back`, () => isUp(last), 30_000, 10);
  const startedMs = performance.now();
  const missing = perRun.catchUp - (await storedSince(pool, last));
  await untilEqual(pool, 5);
  const perSecond = (missing * 1_000) / (performance.now() - startedMs);
  progress(`catch-up: ${Math.round(perSecond)} messages/s`);
  return perSecond;
}

/** How much of what it missed a server had already when the clock started. */
async function storedSince(pool: RealPool, server: RealServer): Promise<number> {
  const [all, own] = await Promise.all([poolStatus(firstOf(pool).api), poolStatus(server.api)]);
  return perRun.catchUp - (all.messages.total - own.messages.total);
}

/** What starting needed has been given back where it is. */
function untilIdle(): Promise<void> {
  return sleep(values.quick ? 1_000 : 10_000);
}

async function isUp({ api }: RealServer): Promise<boolean> {
  await api.get('/healthz', 500);
  return true;
}

async function latency(pool: RealPool): Promise<number[]> {
  const [agent] = pool.agents;
  const holder = (await poolStatus(pool.virtual)).roles.find(({ role }) =>
    role.startsWith('virtual'),
  )?.holderName;
  const other = pool.servers.find(({ name }) => name !== holder);
  if (agent === undefined || other === undefined)
    throw new Error('the pool has no agent or no second server');
  return measureLatency({
    agent,
    url: other.url,
    identity: pool.identity,
    perSecond: 1_000,
    seconds: perRun.seconds,
  });
}

async function untilEqual(pool: RealPool, everyMs = 50): Promise<void> {
  await until(
    'all servers have the same positions',
    async () => {
      const statuses = await Promise.all(pool.servers.map(({ api }) => poolStatus(api)));
      return new Set(statuses.map(({ messages }) => messages.total)).size === 1;
    },
    120_000,
    everyMs,
  );
}

function firstOf(pool: RealPool): RealServer {
  const [server] = pool.servers;
  if (server === undefined) throw new Error('the pool has no server');
  return server;
}

function residentOf({ process }: RealServer): number {
  return process.pids.reduce((sum, pid) => sum + residentBytes(pid), 0);
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
