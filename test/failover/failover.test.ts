import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { allMessages, poolStatus, type Status } from '../pool/answers.ts';
import { signal } from '../pool/managed-process.ts';
import { childrenOf } from '../pool/process-table.ts';
import { RealPool, until, type RealServer } from '../pool/real-pool.ts';
import { median } from '../../bench/statistics.ts';
import { HolderWatch } from './holder-watch.ts';
import { msUntilAnswered } from './virtual-probe.ts';

const ttlMs = 3_000;
const runs = 10;

interface Acting {
  readonly server: RealServer;
  readonly keeper: number;
  readonly process: number;
  readonly epoch: number;
}

let pool: RealPool;
let watch: HolderWatch;

before(async () => {
  pool = await RealPool.start({ servers: 3, agents: 1 });
  watch = new HolderWatch(pool);
});

after(async () => {
  await watch[Symbol.asyncDispose]();
  await pool[Symbol.asyncDispose]();
});

test('SIGKILL of the acting server process: another answers within 0.5 s, median of 10', async (t) => {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const acting = await settled(pool);
    const sinceMs = performance.now();
    signal(acting.process, 'SIGKILL');
    times.push(await msUntilAnswered(pool.virtualUrl, pool.identityPem, sinceMs));
    await movedFrom(pool, acting);
  }
  say(t, times);
  assert.ok(median(times) <= 500, `median ${Math.round(median(times))} ms`);
});

test('a pause of 1 s of the acting server process or its keeper moves nothing', async () => {
  for (const part of ['process', 'keeper'] as const) {
    const acting = await settled(pool);
    signal(acting[part], 'SIGSTOP');
    await sleep(1_000);
    signal(acting[part], 'SIGCONT');
    await sleep(ttlMs + 1_000);
    const now = await settled(pool);
    assert.deepEqual(
      [now.server.name, now.epoch],
      [acting.server.name, acting.epoch],
      `pause of the ${part}`,
    );
  }
});

const faults: readonly [name: string, kind: 'SIGKILL' | 'SIGSTOP', victims: (acting: Acting) => number[]][] =
  [
    ['SIGSTOP of the acting server process', 'SIGSTOP', ({ process }) => [process]],
    ['SIGKILL of its keeper', 'SIGKILL', ({ keeper }) => [keeper]],
    ['SIGSTOP of its keeper', 'SIGSTOP', ({ keeper }) => [keeper]],
    ['SIGKILL of everything it runs', 'SIGKILL', ({ keeper, process }) => [keeper, process]],
    ['SIGSTOP of everything it runs', 'SIGSTOP', ({ keeper, process }) => [keeper, process]],
  ];
for (const [name, kind, victims] of faults)
  test(`${name}: the virtual address is answered by another within ttl + 1 s`, async (t) => {
    const acting = await settled(pool);
    const pids = victims(acting);
    const sinceMs = performance.now();
    for (const pid of pids) signal(pid, kind);
    const movedMs = await movedFrom(pool, acting, sinceMs);
    const answeredMs = await msUntilAnswered(pool.virtualUrl, pool.identityPem, sinceMs);
    // Thawed later: what it was about to do must have no effect, which the watch sees.
    await sleep(500);
    for (const pid of pids) signal(pid, 'SIGCONT');
    say(t, [movedMs, answeredMs]);
    assert.ok(movedMs <= ttlMs + 1_000, `the roles moved after ${Math.round(movedMs)} ms`);
    assert.ok(answeredMs <= ttlMs + 1_500, `answered after ${Math.round(answeredMs)} ms`);
  });

test('a silent agent is one message, also when the acting server freezes just then', async () => {
  const agent = pool.agents[0];
  assert.ok(agent);
  const before = await settled(pool);
  await agent.process.stop();
  await sleep(29_000);
  const pids = [before.keeper, before.process];
  for (const pid of pids) signal(pid, 'SIGSTOP');
  await movedFrom(pool, before);
  const silent = async (server: RealServer): Promise<number> =>
    (await allMessages(server.api)).filter(({ text }) => /silent/i.test(text) && text.includes(agent.name))
      .length;
  for (const pid of pids) signal(pid, 'SIGCONT');
  await settled(pool);
  for (const server of pool.servers)
    await until(`${server.name} has the message`, async () => (await silent(server)) > 0, 60_000, 250);
  await sleep(5_000);
  for (const server of pool.servers) assert.equal(await silent(server), 1, server.name);
});

test('in all of that there was one holder at a time, and epochs only rose', () => {
  assert.ok(watch.samples > 1_000, `only ${watch.samples} samples`);
  assert.deepEqual(watch.faults, []);
});

/** Waits until three healthy members agree on an acting server that also answers at the virtual address. */
async function settled(pool: RealPool): Promise<Acting> {
  let found: Acting | null = null;
  await until(
    'three healthy members agree on who is acting',
    async () => {
      const statuses = await Promise.all(pool.servers.map(({ api }) => poolStatus(api, 1_000)));
      found = actingIn(pool, statuses);
      return found !== null;
    },
    30_000,
  );
  if (found === null) throw new Error('nobody is acting');
  return found;
}

function actingIn(pool: RealPool, statuses: readonly Status[]): Acting | null {
  const views = statuses.map(({ roles, members }) => ({
    acting: roles.find(({ role }) => role === 'acting'),
    virtual: roles.find(({ role }) => role === 'virtual-interface/main'),
    up: members.filter(({ state, healthy }) => state !== 'offline' && healthy).length,
  }));
  const [first] = views;
  const same = views.every(
    ({ acting, virtual, up }) =>
      up === pool.servers.length &&
      acting?.epoch === first?.acting?.epoch &&
      virtual?.epoch === first?.virtual?.epoch &&
      acting?.holderName === virtual?.holderName,
  );
  const server = pool.servers.find(({ name }) => name === first?.virtual?.holderName);
  const keeper = server?.process.pid ?? null;
  const process = keeper === null ? undefined : childrenOf(keeper)[0];
  if (!same || server === undefined || keeper === null || process === undefined) return null;
  return { server, keeper, process, epoch: first?.virtual?.epoch ?? 0 };
}

/** Milliseconds until another server, by the word of the others, holds the virtual interface under a higher epoch. */
async function movedFrom(pool: RealPool, from: Acting, sinceMs = performance.now()): Promise<number> {
  const others = pool.servers.filter(({ name }) => name !== from.server.name);
  await until(
    `the virtual interface leaves ${from.server.name}`,
    async () => {
      const views = await Promise.all(others.map(({ api }) => poolStatus(api, 1_000)));
      return views.some(({ roles }) => {
        const found = roles.find(({ role }) => role === 'virtual-interface/main');
        return found !== undefined && found.epoch > from.epoch && found.holderName !== from.server.name;
      });
    },
    30_000,
    10,
  );
  return performance.now() - sinceMs;
}

function say(t: { diagnostic(text: string): void; name: string }, times: readonly number[]): void {
  const text = times.map((ms) => `${Math.round(ms)} ms`).join(', ');
  console.log(`${t.name}: median ${Math.round(median(times))} ms (${text})`);
}
