import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeDatabases } from '../runtime/node/database.ts';
import { nodeClock, nodeTimers } from '../runtime/node/clock.ts';
import { nodeFiles } from '../runtime/node/files.ts';
import { silentLog } from '../runtime/node/log.ts';
import { coordinationContract, type CoordinationFixture } from './contract.ts';
import type { Coordination } from './coordination.ts';
import { openEmbedded } from './embedded.ts';
import { openCoordination } from './open.ts';

const logRevisionsMax = 50;
const ports = {
  databases: nodeDatabases,
  timers: nodeTimers,
  clock: nodeClock,
  files: nodeFiles,
  log: silentLog,
};

async function fixture(): Promise<CoordinationFixture & { path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'wk-coordination-'));
  const path = join(folder, 'coordination.db');
  const opened: Coordination[] = [];
  return {
    path,
    timers: nodeTimers,
    logRevisionsMax,
    open() {
      const one = openEmbedded({ path, ...ports, logRevisionsMax });
      opened.push(one);
      return Promise.resolve(one);
    },
    async close() {
      await Promise.all(opened.map((one) => one.close()));
      await rm(folder, { recursive: true });
    },
  };
}

coordinationContract('embedded', fixture);

test('what was written is there after all clients have closed', async () => {
  const files = await fixture();
  const first = await files.open();
  await first.transact({ conditions: [], writes: [{ key: 'x', value: '1' }] });
  await first.close();
  const again = await openCoordination(`sqlite:${files.path}`, ports);
  assert.equal((await again.get('x'))?.value, '1');
  await again.close();
  await files.close();
});

test('large values are not kept for watchers without end', async () => {
  const files = await fixture();
  const a = await files.open();
  const value = 'v'.repeat(1_000_000);
  for (let i = 0; i < 40; i++) await a.transact({ conditions: [], writes: [{ key: 'x', value }] });
  const database = nodeDatabases.open(files.path, { synchronous: 'normal', busyMs: 100, readOnly: true });
  const kept = database.prepare('SELECT sum(bytes) AS bytes FROM changes').get<{ bytes: number }>();
  assert.ok((kept?.bytes ?? Infinity) <= 33_000_000);
  database.close();
  await files.close();
});

test('while another process holds the lock calls fail as away, and go on afterwards', async () => {
  const files = await fixture();
  const a = await files.open();
  const rival = nodeDatabases.open(files.path, { synchronous: 'normal', busyMs: 100 });
  rival.exec('BEGIN IMMEDIATE');
  const write = { conditions: [], writes: [{ key: 'x', value: '1' }] };
  await assert.rejects(a.transact(write), { code: 'WK_COORDINATOR_AWAY' });
  assert.equal(await a.get('x'), null);
  const late = a.transact(write);
  nodeTimers.after(100, () => rival.exec('ROLLBACK'));
  assert.equal((await late).done, true);
  rival.close();
  await files.close();
});

test('a URL of another kind is refused in plain words', async () => {
  for (const [url, words] of [
    ['etcd://a:2379', /prefix for this pool's keys/],
    ['etcd://a:2379,b/north', /must name its members as HOST:PORT/],
    ['etcd://a:2379/north?ca=/ca.pem', /only etcds/],
    ['etcds://a:2379/north?ca=/ca.pem&cert=/c.pem', /key=\/PATH/],
    ['https://a:2379', /no known kind/],
    ['sqlite:relative.db', /absolute path/],
    ['redis://a', /no known kind/],
    ['', /no known kind/],
  ] as const)
    await assert.rejects(openCoordination(url, ports), (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, words);
      return true;
    });
});
