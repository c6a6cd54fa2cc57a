import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore, openMemory } from '../../coordination/memory.ts';
import { keys } from '../../model/definitions.ts';
import { nodeTimers } from '../../runtime/node/clock.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { sleep } from '../../runtime/timing.ts';
import { whenRemoved } from './when-removed.ts';

const key = keys.server('00000000-0000-4000-8000-000000000001');

async function watched(change: (store: MemoryStore) => void): Promise<boolean> {
  const store = new MemoryStore();
  const put = (name: string, value: string | null): void =>
    void store.transact({ conditions: [], writes: [{ key: name, value }] });
  put(keys.pool, '{}');
  put(key, '{}');
  const coordination = openMemory(store, nodeTimers);
  let removed = false;
  using _watch = whenRemoved({ timers: nodeTimers, log: silentLog }, coordination, key, () => {
    removed = true;
  });
  await sleep(nodeTimers, 20);
  change(store);
  await sleep(nodeTimers, 20);
  await coordination.close();
  return removed;
}

test('who is taken out of the pool is told, and nobody is by a coordinator that knows no pool', async () => {
  const without = (...gone: string[]) => ({
    conditions: [],
    writes: gone.map((one) => ({ key: one, value: null })),
  });
  assert.equal(await watched((store) => void store.transact(without(key))), true);
  assert.equal(await watched((store) => void store.transact(without(key, keys.pool))), false);
  assert.equal(await watched((store) => void store.transact(without(keys.pool))), false);
});
