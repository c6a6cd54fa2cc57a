import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { z } from 'zod';
import type { Change, Coordination, Item } from '../coordination/coordination.ts';
import { keys } from '../model/definitions.ts';
import type { Timers } from '../runtime/clock.ts';
import { manualTime } from '../runtime/manual-time.ts';
import { nodeTimers } from '../runtime/node/clock.ts';
import { nodeDatabases } from '../runtime/node/database.ts';
import { silentLog } from '../runtime/node/log.ts';
import { Mirror } from './mirror.ts';

const schema = z.object({ name: z.string() });
const pool = item(keys.pool, 'pool');

function item(key: string, name: string, revision = 1): Item {
  return { key, revision, value: JSON.stringify({ name }) };
}

async function setUp(context: TestContext, items: Item[], timers: Timers = nodeTimers) {
  const folder = await mkdtemp(join(tmpdir(), 'wk-mirror-'));
  const database = nodeDatabases.open(join(folder, 'db'), { synchronous: 'full', busyMs: 100 });
  context.after(async () => {
    database.close();
    await rm(folder, { recursive: true });
  });
  let change: (change: Change) => void = () => undefined;
  const coordination: Pick<Coordination, 'list' | 'watch'> = {
    list: () => Promise.resolve({ items, revision: 1 }),
    watch: (_prefix, _revision, listener) => {
      change = listener;
      return { close: () => undefined };
    },
  };
  const mirror = new Mirror({
    coordination: coordination as Coordination,
    database,
    timers,
    log: silentLog,
  });
  await mirror.start();
  const names = (prefix: string): string[] => mirror.list(prefix, schema).map(({ name }) => name);
  return { mirror, names, database, change: (told: Change) => change(told) };
}

test('a list is computed once, and anew after a key below its prefix has changed', async (context) => {
  const { mirror, names, change } = await setUp(context, [
    pool,
    item('servers/b', 'b'),
    item('nodes/n', 'n'),
  ]);
  const before = mirror.list('servers/', schema);
  change({ reset: false, revision: 2, items: [item('nodes/m', 'm', 2)] });
  assert.equal(mirror.list('servers/', schema), before);
  assert.deepEqual(names('nodes/'), ['m', 'n']);
  change({ reset: false, revision: 3, items: [item('servers/a', 'a', 3)] });
  assert.deepEqual(names('servers/'), ['a', 'b']);
  change({ reset: false, revision: 4, items: [{ key: 'servers/b', value: null, revision: 4 }] });
  assert.deepEqual(names('servers/'), ['a']);
  change({ reset: true, revision: 5, items: [pool] });
  assert.deepEqual([names('servers/'), names('nodes/')], [[], []]);
});

test('a coordinator that comes back empty takes no definition away', async (context) => {
  const { names, change } = await setUp(context, [pool, item('servers/b', 'b')]);
  change({ reset: true, revision: 1, items: [] });
  assert.deepEqual(names('servers/'), ['b']);
});

test('what the disk does not take is stored as soon as it does, and a restart goes back to nothing older', async (context) => {
  const time = manualTime();
  const { database, change } = await setUp(context, [pool, item('servers/a', 'a')], time.timers);
  const onDisk = (): unknown[] =>
    database.prepare('SELECT key, revision FROM definitions_mirror ORDER BY key').all();
  database.exec('ALTER TABLE definitions_mirror RENAME TO away');
  change({ reset: false, revision: 2, items: [item('servers/a', 'a', 2), item('servers/b', 'b', 2)] });
  change({ reset: false, revision: 3, items: [{ key: 'servers/b', value: null, revision: 3 }] });
  time.advance(5_000);
  database.exec('ALTER TABLE away RENAME TO definitions_mirror');
  time.advance(1_000);
  assert.deepEqual(
    onDisk().map((row) => ({ ...(row as object) })),
    [
      { key: keys.pool, revision: 1 },
      { key: 'servers/a', revision: 2 },
    ],
  );
});
