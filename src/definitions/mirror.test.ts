import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { z } from 'zod';
import type { Change, Coordination, Item } from '../coordination/coordination.ts';
import { keys } from '../model/definitions.ts';
import type { Timers } from '../runtime/clock.ts';
import type { Database } from '../runtime/database.ts';
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

async function openDatabase(context: TestContext): Promise<Database> {
  const folder = await mkdtemp(join(tmpdir(), 'wk-mirror-'));
  const database = nodeDatabases.open(join(folder, 'db'), { synchronous: 'full', busyMs: 100 });
  context.after(async () => {
    database.close();
    await rm(folder, { recursive: true });
  });
  return database;
}

interface Before {
  readonly database: Database;
  readonly remembersRevision: boolean;
}

async function setUp(
  context: TestContext,
  items: Item[],
  timers: Timers = nodeTimers,
  before: Before | null = null,
) {
  const database = before?.database ?? (await openDatabase(context));
  let change: (change: Change) => void = () => undefined;
  const coordination: Pick<Coordination, 'list' | 'watch'> = {
    list: () => Promise.resolve({ items, revision: Math.max(...items.map(({ revision }) => revision)) }),
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
    remembersRevision: before?.remembersRevision ?? true,
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

/** The pool's record of a lineage that follows on others. */
function poolOf(lineage: string, before: string[], revision: number): Item {
  return { key: keys.pool, revision, value: JSON.stringify({ name: lineage, lineage, before }) };
}

test('within a lineage nothing goes back: not to a lower revision, nor to an older record in a higher one', async (context) => {
  const { names, change } = await setUp(context, [poolOf('a', [], 1)]);
  change({ reset: false, revision: 7, items: [item('servers/a', 'new', 7)] });
  change({ reset: true, revision: 5, items: [poolOf('a', [], 1), item('servers/a', 'old', 3)] });
  assert.deepEqual(names('servers/'), ['new']);
  change({ reset: true, revision: 9, items: [poolOf('a', [], 1), item('servers/a', 'old', 3)] });
  assert.deepEqual(names('servers/'), ['new']);
  change({ reset: true, revision: 9, items: [poolOf('a', [], 1), item('servers/a', 'newer', 8)] });
  assert.deepEqual(names('servers/'), ['newer']);
});

test('a lineage that follows is taken over whatever its revisions, and one from before it never again', async (context) => {
  const { mirror, names, change } = await setUp(context, [poolOf('a', [], 1)]);
  change({ reset: false, revision: 90, items: [item('servers/a', 'a', 90)] });
  change({ reset: true, revision: 20, items: [poolOf('b', ['a'], 20), item('servers/a', 'b', 19)] });
  assert.deepEqual([names('servers/'), mirror.revision], [['b'], 20]);
  change({ reset: true, revision: 95, items: [poolOf('a', [], 1), item('servers/a', 'a', 90)] });
  assert.deepEqual(names('servers/'), ['b']);
  change({ reset: true, revision: 30, items: [poolOf('b', ['a'], 20), item('servers/a', 'c', 30)] });
  assert.deepEqual(names('servers/'), ['c'], 'counted from the new one on');
});

test('what is on disk counts after a restart; with the embedded coordinator its first list does', async (context) => {
  for (const remembersRevision of [true, false]) {
    const { database, change } = await setUp(context, [poolOf('a', [], 1)]);
    change({ reset: false, revision: 7, items: [item('servers/a', 'new', 7)] });
    const items = [poolOf('a', [], 1), item('servers/a', 'old', 3)];
    const { names } = await setUp(context, items, nodeTimers, { database, remembersRevision });
    assert.deepEqual(names('servers/'), [remembersRevision ? 'new' : 'old']);
  }
});

test('while the keeper doubts nothing is taken over but a lineage that follows; afterwards all is read anew', async (context) => {
  const items = [poolOf('a', [], 1)];
  const { mirror, names, change } = await setUp(context, items);
  mirror.doubt(true);
  change({ reset: false, revision: 8, items: [item('servers/a', 'doubted', 8)] });
  assert.deepEqual(names('servers/'), []);
  change({ reset: true, revision: 5, items: [poolOf('b', ['a'], 5), item('servers/a', 'b', 4)] });
  assert.deepEqual(names('servers/'), ['b']);
  items.splice(0, 1, poolOf('b', ['a'], 5), item('servers/a', 'c', 9));
  mirror.doubt(false);
  await new Promise((resolve) => nodeTimers.soon(() => resolve(null)));
  assert.deepEqual(names('servers/'), ['c']);
});
