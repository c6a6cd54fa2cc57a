import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Database } from '../../src/runtime/database.ts';
import { sleep } from '../../src/runtime/timing.ts';
import type { SimProcess } from './process.ts';
import { World } from './world.ts';

const options = { synchronous: 'full', busyMs: 100 } as const;

function openTable({ runtime }: SimProcess): Database {
  const database = runtime.databases.open('/data/test.db', options);
  database.exec('CREATE TABLE IF NOT EXISTS numbers (n INTEGER PRIMARY KEY, filler TEXT)');
  return database;
}

/** Adds numbers, ten a transaction, and notes each that was committed. */
async function adding(process: SimProcess, committed: number[]): Promise<void> {
  const database = openTable(process);
  const insert = database.prepare('INSERT INTO numbers VALUES (?, ?)');
  for (let base = 0; ; base += 10) {
    const numbers = Array.from({ length: 10 }, (_, i) => base + i);
    database.transaction(() => numbers.forEach((n) => insert.run(n, 'x'.repeat(500))));
    committed.push(...numbers);
    await sleep(process.runtime.timers, 1);
  }
}

async function stored(world: World): Promise<unknown[]> {
  let rows: unknown[] = [];
  world.machine('a').start('reader', (process) => {
    rows = openTable(process).prepare('SELECT n FROM numbers ORDER BY n').all();
  });
  await world.run(world.scheduler.nowMs + 10);
  return rows.map((row) => (row as { n: number }).n);
}

test('a kill keeps exactly what was committed', async () => {
  using world = new World(1);
  const committed: number[] = [];
  const process = world.machine('a').start('writer', (self) => adding(self, committed));
  await world.run(200);
  process.kill();
  assert.ok(committed.length > 100);
  assert.deepEqual(await stored(world), committed);
});

test('a kill before the commit leaves nothing of the transaction, one after it leaves all', async () => {
  for (const [point, more] of [
    ['before commit', 0],
    ['after commit', 10],
  ] as const) {
    using world = new World(2);
    const committed: number[] = [];
    const process = world.machine('a').start('writer', (self) => adding(self, committed));
    await world.run(50);
    process.strikeAt(point, () => process.kill());
    await world.run(100);
    assert.equal(process.alive, false);
    assert.equal((await stored(world)).length, committed.length + more);
  }
});

test('a power cut tears the log and SQLite recovers every commit', async () => {
  for (const seed of [1, 2, 3, 4]) {
    using world = new World(seed);
    const committed: number[] = [];
    world.machine('a').start('writer', (self) => adding(self, committed));
    await world.run(150);
    world.machine('a').losePower();
    assert.deepEqual(await stored(world), committed);
  }
});

test('a full or failing disk refuses commits with the code of the port', async () => {
  using world = new World(5);
  const codes: unknown[] = [];
  world.machine('a').start('writer', (process) => {
    const database = openTable(process);
    const shelf = process.machine.databases;
    const attempt = (): void => {
      try {
        database.prepare('INSERT INTO numbers VALUES (1, NULL)').run();
      } catch (error) {
        codes.push(error instanceof Error && 'code' in error && error.code);
      }
    };
    shelf.commits.full = true;
    attempt();
    shelf.commits.full = false;
    shelf.commits.failing = true;
    attempt();
  });
  await world.run(10);
  assert.deepEqual(codes, ['WK_DISK_FULL', 'WK_DISK_FAILED']);
});

test('unsynced bytes may be lost with the power, synced ones never', async () => {
  using world = new World(6);
  const machine = world.machine('a');
  machine.start('writer', async ({ runtime }) => {
    await runtime.files.makeDirectory('/data', 0o700);
    await runtime.files.append('/data/log', Buffer.from('kept'), { mode: 0o600, sync: true });
    await runtime.files.append('/data/log', Buffer.alloc(1_000), { mode: 0o600, sync: false });
  });
  await world.run(200);
  machine.losePower();
  const { length } = machine.disk.read('/data/log');
  assert.ok(length >= 4 && length < 1_004, `${length} bytes`);
});
