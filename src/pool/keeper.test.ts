import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Coordination } from '../coordination/coordination.ts';
import { openEmbedded } from '../coordination/embedded.ts';
import { actingRole, keys, type Holder, type RoleDefinition, type Session } from '../model/definitions.ts';
import type { Child } from '../runtime/commands.ts';
import { nodeTimers } from '../runtime/node/clock.ts';
import { nodeCommands } from '../runtime/node/commands.ts';
import { nodeDatabases } from '../runtime/node/database.ts';
import { sleep } from '../runtime/timing.ts';

/**
 * Keepers as real processes, each with a small server process that answers at the virtual address while it may and
 * says who it is. What is measured here is printed, so that a slow takeover shows in the log of the tests.
 */
const url = (file: string): string => JSON.stringify(import.meta.resolve(file));
const entryCode = `
import { createServer } from 'node:net';
import { nodeCommands } from ${url('../runtime/node/commands.ts')};
import { nodeClock, nodeTimers } from ${url('../runtime/node/clock.ts')};
import { nodeDatabases } from ${url('../runtime/node/database.ts')};
import { nodeFiles } from ${url('../runtime/node/files.ts')};
import { nodeRandom } from ${url('../runtime/node/random.ts')};
import { keepAlive } from ${url('../runtime/node/keep-alive.ts')};
import { openEmbedded } from ${url('../coordination/embedded.ts')};
import { nodeLog } from ${url('../runtime/node/log.ts')};
import { startKeeper } from ${url('./keeper.ts')};
const [kind, text] = process.argv.slice(2);
const config = JSON.parse(text);
const commands = nodeCommands({ entry: process.argv[1] });
if (kind === 'keeper') {
  keepAlive();
  const runtime = {
    clock: nodeClock, timers: nodeTimers, random: nodeRandom, files: nodeFiles, databases: nodeDatabases,
    commands, log: nodeLog(process.env.WK_TEST_LOG ?? 'silent').with({ keeper: config.coreId.slice(-1) }),
  };
  const coordination = openEmbedded({ path: config.coordination, databases: nodeDatabases, timers: nodeTimers });
  const options = { ...config, runtime, coordination, version: '1', serverArgs: ['server', text] };
  startKeeper(options).then((keeper) => {
    process.once('SIGTERM', () => keeper.stop().then(() => process.exit(0)));
    return keeper.stopped;
  }).catch((error) => commands.parent.send(error.code + ': ' + error.message));
} else {
  const { parent } = commands;
  let server = null, grant = null;
  const release = () => {
    const { role, epoch } = grant;
    grant = null;
    server?.close();
    server = null;
    parent.send({ kind: 'released', role, epoch });
  };
  const role = 'virtual-interface/main';
  const bind = () => {
    server = createServer((socket) => socket.end(config.coreId)).on('error', () => setTimeout(() => grant && bind(), 20));
    server.listen(config.port, '127.0.0.1');
  };
  parent.onMessage((message) => {
    if (message.kind === 'stop') { if (grant) release(); return setTimeout(() => process.exit(0), 50); }
    if (message.kind !== 'grants') return;
    const next = message.grants.find((one) => one.role === role) ?? null;
    if (grant && next?.epoch !== grant.epoch) release();
    const fresh = next && !grant;
    grant = next;
    if (fresh) bind();
  });
  setInterval(() => grant && nodeClock.monotonicMs() >= grant.deadlineMs && release(), 20);
  parent.onClose(() => process.exit(0));
  const origin = config.coreId + '.00000000';
  const alive = () => parent.send({
    kind: 'alive', origin, healthy: true, because: 'well', lagMs: 0, epochs: {}, positions: '{}',
  });
  setInterval(alive, 250);
  alive();
}
`;

const coreIds = [1, 2, 3].map((i) => `00000000-0000-4000-8000-00000000000${i}`);
const virtualInterface = 'virtual-interface/main';
let folder = '';
let port = 0;
let coordination: Coordination;
let path = '';
const keepers = new Map<string, Child>();
const started: Child[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wk-keeper-'));
  path = join(folder, 'coordination.db');
  await writeFile(join(folder, 'entry.ts'), entryCode);
  port = await freePort();
  coordination = openEmbedded({ path, databases: nodeDatabases, timers: nodeTimers });
  await define();
  for (const coreId of coreIds) startKeeper(coreId);
});

after(async () => {
  for (const keeper of started) nodeCommands().end(keeper.id);
  await coordination.close();
  await sleep(nodeTimers, 200);
  await rm(folder, { recursive: true });
});

test('three keepers agree on one holder of each role, and it answers', { timeout: 20_000 }, async () => {
  const { holder, epoch } = await settled();
  assert.ok(coreIds.includes(holder) && epoch >= 1);
  await until('somebody acts', async () => ((await holderOf(actingRole))?.holder ?? null) !== null);
  for (const coreId of coreIds) await until('all are healthy', async () => (await sessionOf(coreId)).healthy);
});

test('a killed server process hands over in tenths of a second', { timeout: 30_000 }, async (context) => {
  const tookMs: number[] = [];
  for (let round = 0; round < 5; round++) {
    const { holder, epoch } = await settled();
    const session = await sessionOf(holder);
    const startMs = performance.now();
    for (const id of session.processes) assert.ok(nodeCommands().end(id));
    await until('another one answers', async () => ![null, holder].includes(await whoAnswers()), 5);
    tookMs.push(Math.round(performance.now() - startMs));
    const now = await holderOf(virtualInterface);
    assert.ok(now !== null && now.epoch > epoch);
    assert.equal(now.because, 'server process ended');
    await until('it is back', async () => (await sessionOf(holder)).healthy);
  }
  context.diagnostic(`takeover after SIGKILL of the server process: ${tookMs.join(', ')} ms`);
  assert.ok((tookMs.sort((a, b) => a - b)[2] ?? Infinity) < 500);
});

test('a keeper that is stopped for a second loses nothing', { timeout: 20_000 }, async () => {
  const { holder, epoch } = await settled();
  const pid = keepers.get(holder)?.id.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  await sleep(nodeTimers, 1_000);
  process.kill(pid, 'SIGCONT');
  await sleep(nodeTimers, 1_000);
  const now = await settled();
  assert.deepEqual([now.holder, now.epoch], [holder, epoch]);
});

test(
  'a holder that stands still altogether is replaced within its time, its frozen port owner too',
  { timeout: 20_000 },
  async (context) => {
    const { holder } = await settled();
    const session = await sessionOf(holder);
    const keeper = keepers.get(holder);
    assert.ok(keeper);
    const startMs = performance.now();
    for (const { pid } of [keeper.id, ...session.processes]) process.kill(pid, 'SIGSTOP');
    await until('another one answers', async () => ![null, holder].includes(await whoAnswers()), 5);
    const tookMs = performance.now() - startMs;
    context.diagnostic(`takeover after SIGSTOP of keeper and server process: ${Math.round(tookMs)} ms`);
    assert.ok(tookMs < 4_000);
    assert.equal((await holderOf(virtualInterface))?.because, 'holder lost its session');
    process.kill(keeper.id.pid, 'SIGCONT');
    await until('it is back', async () => {
      const now = await sessionOf(holder);
      return now.healthy && !now.ended && now.incarnation !== session.incarnation;
    });
  },
);

test('a hung server process is killed and its roles go', { timeout: 20_000 }, async (context) => {
  const { holder } = await settled();
  const [id] = (await sessionOf(holder)).processes;
  assert.ok(id);
  const startMs = performance.now();
  process.kill(id.pid, 'SIGSTOP');
  await until('another one answers', async () => ![null, holder].includes(await whoAnswers()), 5);
  context.diagnostic(
    `takeover after SIGSTOP of the server process: ${Math.round(performance.now() - startMs)} ms`,
  );
  assert.ok(performance.now() - startMs < 4_000);
  assert.equal((await holderOf(virtualInterface))?.because, 'server process hung');
  await until('it is back', async () => (await sessionOf(holder)).healthy);
});

test('a keeper that stops in order hands over at once', { timeout: 20_000 }, async (context) => {
  const { holder } = await settled();
  const keeper = keepers.get(holder);
  assert.ok(keeper);
  const ended = new Promise((resolve) => keeper.onExit((code) => resolve(code)));
  const startMs = performance.now();
  keeper.kill('SIGTERM');
  await until('another one answers', async () => ![null, holder].includes(await whoAnswers()), 5);
  context.diagnostic(`handing over in order: ${Math.round(performance.now() - startMs)} ms`);
  assert.equal(await ended, 0);
  assert.equal((await holderOf(virtualInterface))?.because, 'server is stopping');
  assert.equal((await sessionOf(holder)).ended, true);
  startKeeper(holder);
  await until('it is back', async () => (await sessionOf(holder)).healthy);
});

test(
  'a killed keeper costs its time at most, or less when it comes back',
  { timeout: 20_000 },
  async (context) => {
    const { holder } = await settled();
    const startMs = performance.now();
    const keeper = keepers.get(holder);
    assert.ok(keeper && nodeCommands().end(keeper.id));
    startKeeper(holder);
    const before = await sessionOf(holder);
    await until('a new session', async () => (await sessionOf(holder)).incarnation !== before.incarnation);
    await until('an answer', async () => (await whoAnswers()) !== null, 5);
    context.diagnostic(
      `answers again after a keeper was killed and restarted: ${Math.round(performance.now() - startMs)} ms`,
    );
    assert.ok(performance.now() - startMs < 3_000);
  },
);

test('a second keeper on one data folder is refused in plain words', { timeout: 20_000 }, async () => {
  const first = keepers.get(coreIds[0] ?? '');
  const said = new Promise((resolve) => startKeeper(coreIds[0] ?? '').onMessage(resolve));
  assert.match(String(await said), /^WK_CONFLICT: a keeper \(process \d+\) runs on .* already/);
  if (first) keepers.set(coreIds[0] ?? '', first);
});

test(
  'a coordinator that was rebuilt gets no role taken until it is confirmed',
  { timeout: 30_000 },
  async () => {
    const { holder } = await settled();
    const [old, rebuilt, confirmed] = ['aa', 'ff', 'cc'].map(
      (end) => `00000000-0000-4000-8000-0000000000${end}`,
    );
    await putPool(rebuilt ?? '');
    const keeper = keepers.get(holder);
    assert.ok(keeper && nodeCommands().end(keeper.id));
    await until('nobody answers', async () => (await whoAnswers()) === null);
    startKeeper(holder);
    await sleep(nodeTimers, 4_000);
    assert.equal(await whoAnswers(), null);
    await putPool(confirmed ?? '', [rebuilt ?? '', old ?? '']);
    await settled();
  },
);

function startKeeper(coreId: string): Child {
  const config = { coreId, coordination: path, folder: join(folder, coreId), port };
  const keeper = nodeCommands({ entry: join(folder, 'entry.ts') }).startSelf([
    'keeper',
    JSON.stringify(config),
  ]);
  keepers.set(coreId, keeper);
  started.push(keeper);
  return keeper;
}

async function define(): Promise<void> {
  await putPool('00000000-0000-4000-8000-0000000000aa');
  const carrier = { kind: 'listen', host: '127.0.0.1', port } as const;
  const definition: RoleDefinition = {
    role: virtualInterface,
    order: coreIds,
    failback: 'manual',
    pinned: null,
    carrier,
  };
  const writes = coreIds.map((coreId) => ({ key: keys.server(coreId), value: '{}' }));
  writes.push({ key: keys.role(virtualInterface), value: JSON.stringify(definition) });
  await coordination.transact({ conditions: [], writes });
}

async function putPool(lineage: string, before?: readonly string[]): Promise<void> {
  const pool = { id: coreIds[0], name: 'p', createdMs: 0, authorities: ['x'], lineage, before };
  await coordination.transact({ conditions: [], writes: [{ key: keys.pool, value: JSON.stringify(pool) }] });
}

async function holderOf(role: string): Promise<Holder | null> {
  const item = await coordination.get(keys.holder(role));
  return item === null ? null : (JSON.parse(item.value) as Holder);
}

async function sessionOf(coreId: string): Promise<Session> {
  return JSON.parse((await coordination.get(keys.session(coreId)))?.value ?? '{}') as Session;
}

/** Waits until whoever holds the virtual interface also answers there. */
async function settled(): Promise<{ holder: string; epoch: number }> {
  await until('the holder answers', async () => {
    const holder = (await holderOf(virtualInterface))?.holder ?? null;
    return holder !== null && holder === (await whoAnswers());
  });
  const { holder, epoch } = (await holderOf(virtualInterface)) ?? {};
  return { holder: holder ?? '', epoch: epoch ?? 0 };
}

function whoAnswers(): Promise<string | null> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(200, () => socket.destroy());
    socket.on('data', (bytes) => (text += bytes.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text === '' ? null : text));
  });
}

async function until(what: string, holds: () => Promise<boolean>, everyMs = 20): Promise<void> {
  const startMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startMs > 15_000) assert.fail(`it did not happen: ${what}`);
    await sleep(nodeTimers, everyMs);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
