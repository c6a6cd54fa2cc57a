import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePorts } from '../pool/free-ports.ts';
import { RealPool, until, type EtcdListen } from '../pool/real-pool.ts';
import { runWatchkeeper } from '../pool/watchkeeper.ts';
import { isInstalled } from '../runner/needs.ts';
import { actors } from './actors.ts';
import { doubtOf } from './doubt-of.ts';
import { endEtcdOf } from './own-etcd.ts';
import { epochOfActing, etcdOfPool } from './etcd-of-pool.ts';

const options = { timeout: 180_000, ...(!isInstalled('etcd') && { skip: 'etcd is not installed' }) };

test(
  'the only voter is lost: its role is taken by hand, and it stays off when it is back',
  options,
  async (t) => {
    const ports = await freePorts(4);
    const place = (at: number): EtcdListen => [`127.0.0.1:${ports[at]}`, `127.0.0.1:${ports[at + 1]}`];
    const etcdListen = [place(0), place(2)];
    await using pool = await RealPool.start({ coordination: 'managed', etcdListen, servers: 2 });
    try {
      const [first, second] = pool.servers;
      assert.ok(first && second);
      await until('one acts', async () => (await actors(pool, 'acting'))[0] === 'server-1', 20_000);
      const take = ['role', 'take', 'acting', '--config', second.config];
      const told = await runWatchkeeper(take);
      assert.deepEqual([told.exitCode, /nothing was done/.test(told.stderr)], [0, true]);
      const refused = await runWatchkeeper([...take, '--force', '--yes']);
      assert.deepEqual([refused.exitCode, /use role move/.test(refused.stderr)], [6, true]);
      const epoch = await epochOfActing(second);

      await first.process.stop();
      await endEtcdOf(pool, 'server-1');
      const startMs = performance.now();
      await pool.command(...take, '--force', '--yes');
      t.diagnostic(`taken ${Math.round(performance.now() - startMs)} ms after the machine was lost`);
      assert.deepEqual(await actors(pool, 'acting'), ['server-2']);
      assert.ok((await epochOfActing(second)) > epoch + 1_000);

      // With the etcd that it had, which says that all is as it was.
      first.process.start();
      const acted: string[][] = [];
      await until(
        'it has joined what the other one made',
        async () => {
          acted.push(await actors(pool, 'acting'));
          return (await etcdOfPool(first)) === 'server-1 learner, server-2 voter';
        },
        60_000,
      );
      assert.deepEqual([...new Set(acted.flat())], ['server-2']);
      assert.equal(await doubtOf(first), null);
    } finally {
      await Promise.all(pool.servers.map(({ process }) => process.stop()));
      for (const name of ['server-1', 'server-2']) await endEtcdOf(pool, name);
    }
  },
);
