/**
 * The kill test: `npm run test:kill -- [--cycles 20] [--seed N] [--rate 200]`. Three servers and three agents under
 * load; each cycle kills or freezes one or two of their processes; in the end nothing that an agent had accepted may
 * be missing or double anywhere. Exit code 0 kept, 1 not kept, 2 the run proves nothing.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { AgentClient } from '../../src/agent/local/agent-client.ts';
import { silentLog } from '../../src/runtime/node/log.ts';
import { nodeNetwork } from '../../src/runtime/node/network.ts';
import { poolStatus } from '../pool/answers.ts';
import { signal } from '../pool/managed-process.ts';
import { RealPool, until } from '../pool/real-pool.ts';
import { runProgram } from '../runner/run-program.ts';
import { injectFaults } from './inject-faults.ts';
import type { Case } from './judge.ts';
import { LoadSenders } from './load-senders.ts';
import { SeededRandom } from './seeded-random.ts';

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    rate: { type: 'string', default: '200' },
  },
});
const cycles = Number(values.cycles);
const rate = Number(values.rate);
/** A share of the full load below which a run proves nothing: faults cost some of it, a broken sender all. */
const loadShareMin = 0.4;
/** A cycle takes about 5 s; this ends a run that has long ones only, so that 20 stay within 4 minutes. */
const faultsMsMax = cycles * 7_500 + 5_000;
const healMsMax = 60_000;

const startedMs = Date.now();
process.on('SIGINT', () => process.exit(130));
say(`seed ${values.seed} (again with: npm run test:kill -- --cycles ${cycles} --seed ${values.seed})`);
process.exitCode = await run();

async function run(): Promise<number> {
  await using pool = await RealPool.start({ servers: 3, agents: 3 });
  say('three servers and three agents are up');
  const senders = LoadSenders.start(pool, rate);
  try {
    const loadStartedMs = Date.now();
    const done = await injectFaults({
      pool,
      random: new SeededRandom(Number(values.seed)),
      cycles,
      endMs: Date.now() + faultsMsMax,
      onCycle: (cycle, text) => say(`cycle ${cycle}/${cycles}: ${text}; ${senders.accepted} accepted`),
    });
    await senders.stop();
    const seconds = (Date.now() - loadStartedMs) / 1_000;
    await heal(pool);
    return await askJudge(pool, senders, {
      acceptedMin: Math.floor(rate * seconds * loadShareMin),
      isComplete: done >= Math.min(cycles, 10) || done === cycles,
    });
  } finally {
    senders.kill();
  }
}

/** Ends every fault and waits until nothing is under way any more: buffers empty, positions equal everywhere. */
async function heal(pool: RealPool): Promise<void> {
  for (const { process } of [...pool.servers, ...pool.agents])
    for (const pid of process.pids) signal(pid, 'SIGCONT');
  say('faults are over; waiting for buffers to empty and servers to agree');
  await until('every agent has delivered what it holds', () => allDelivered(pool), healMsMax, 500);
  await until('all servers have the same positions', () => allAgree(pool), healMsMax, 500);
}

async function allDelivered(pool: RealPool): Promise<boolean> {
  const network = nodeNetwork(silentLog);
  for (const { data } of pool.agents) {
    const client = await AgentClient.connect(network, data);
    const { buffer } = await client.status();
    client.close();
    if (Object.values(buffer.buffered).some((count) => count > 0)) return false;
  }
  return true;
}

async function allAgree(pool: RealPool): Promise<boolean> {
  const statuses = await Promise.all(pool.servers.map(({ api }) => poolStatus(api)));
  const [first, ...others] = statuses.map(({ server }) => server.positions);
  return others.every((positions) => isDeepStrictEqual(positions, first));
}

async function askJudge(
  pool: RealPool,
  senders: LoadSenders,
  { acceptedMin, isComplete }: { acceptedMin: number; isComplete: boolean },
): Promise<number> {
  const file = path.join(pool.folder, 'case.json');
  const written: Case = {
    identity: pool.identity,
    acceptedMin,
    servers: pool.servers.map(({ name, url }) => ({ name, url })),
    agents: senders.records,
  };
  writeFileSync(file, JSON.stringify(written), { mode: 0o600 });
  const exitCode = await runProgram({
    file: process.execPath,
    args: ['test/kill/judge.ts', file],
    timeoutMs: 120_000,
    onLine: (line) => say(`judge: ${line}`),
  });
  if (exitCode === 0 && !isComplete) {
    say('INVALID: too few cycles in the time there was');
    return 2;
  }
  say(
    ['everything was kept', 'NOT everything was kept', 'the run proves nothing'][exitCode ?? 1] ??
      'the judge died',
  );
  return exitCode ?? 1;
}

function say(text: string): void {
  console.log(`${((Date.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${text}`);
}
