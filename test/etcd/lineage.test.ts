import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { poolStatus, type Status } from '../pool/answers.ts';
import { RealPool, until } from '../pool/real-pool.ts';
import { runWatchkeeper, watchkeeper } from '../pool/watchkeeper.ts';
import { isInstalled } from '../runner/needs.ts';
import { actors } from './actors.ts';
import { doubtOf } from './doubt-of.ts';
import { EtcdCluster } from './etcd-cluster.ts';

const missing = ['etcd', 'etcdctl'].filter((program) => !isInstalled(program));
const options = {
  timeout: 180_000,
  ...(missing.length > 0 && { skip: `${missing.join(' and ')} not installed` }),
};

function etcdctl(cluster: EtcdCluster, ...args: readonly string[]): void {
  const [endpoint = ''] = cluster.endpoints;
  execFileSync('etcdctl', [...args], {
    env: { ...process.env, ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: endpoint },
    stdio: 'pipe',
  });
}

/** The one member comes back with what stood in the backup. */
async function restore(cluster: EtcdCluster, backup: string): Promise<void> {
  const [name = ''] = cluster.names;
  await cluster.kill(name);
  const folder = path.join(cluster.folder, name);
  rmSync(folder, { recursive: true });
  etcdctl(cluster, 'snapshot', 'restore', backup, `--data-dir=${folder}`, ...cluster.identityOf(name));
  cluster.run(name);
  await cluster.ready();
}

function acting({ roles }: Status): Status['roles'][number] | undefined {
  return roles.find(({ role }) => role === 'acting');
}

/** Restores, and looks who acts until every server doubts and for a while after that: never two. */
async function doubtEverywhere(pool: RealPool, restored: () => Promise<void>, t: TestContext): Promise<void> {
  const looks = new Set<string>();
  const look = async (): Promise<void> => {
    const names = await actors(pool, 'acting');
    assert.ok(names.length <= 1);
    looks.add(JSON.stringify(names));
  };
  await restored();
  await until(
    'every server doubts',
    async () => {
      await look();
      const doubts = await Promise.all(pool.servers.map(doubtOf));
      return doubts.every((doubt) => doubt === 'the coordinator went back to an earlier state');
    },
    20_000,
  );
  for (let round = 0; round < 20; round += 1) {
    await look();
    await sleep(250);
  }
  t.diagnostic(`who acted until it was confirmed: ${[...looks].join(' then ')}`);
}

for (const how of ['as it is', 'with --force, from what a server knows'] as const)
  test(
    `etcd restored from an old backup: nobody takes a role, and it is confirmed ${how}`,
    options,
    async (t) => {
      await using cluster = await EtcdCluster.start(1);
      await using pool = await RealPool.start({ coordination: cluster.url('watchkeeper/test') });
      const [any, second] = pool.servers;
      assert.ok(any && second);
      const backup = path.join(cluster.folder, 'backup.db');
      etcdctl(cluster, 'snapshot', 'save', backup);
      await sleep(3_000);
      const token = await watchkeeper(['pool', 'token', '--for', 'agent', '--config', any.config]);
      const before = acting(await poolStatus(any.api));
      const holder = pool.servers.find(({ name }) => name === before?.holderName);
      assert.ok(holder && token !== '');
      await doubtEverywhere(pool, () => restore(cluster, backup), t);
      const force = how === 'as it is' ? [] : ['--force'];
      await watchkeeper(['pool', 'confirm', '--config', second.config, ...force]);
      const startMs = performance.now();
      await until(
        'nobody doubts and one acts',
        async () => {
          const acts = await actors(pool, 'acting');
          assert.ok(acts.length <= 1);
          const doubts = await Promise.all(pool.servers.map(doubtOf));
          return acts.length === 1 && doubts.every((doubt) => doubt === null);
        },
        30_000,
        50,
      );
      t.diagnostic(`one acts ${Math.round(performance.now() - startMs)} ms after the confirmation`);
      await until(
        'in a higher epoch',
        async () => (acting(await poolStatus(any.api))?.epoch ?? 0) > (before?.epoch ?? 0),
        10_000,
      );
      const again = await runWatchkeeper(['pool', 'confirm', '--config', second.config]);
      assert.equal(again.exitCode, 6, 'there is nothing to confirm any more');
      // The token was made after the backup: only a server's copy still knows it.
      const port = Number(new URL(any.url).port);
      const where = ['--config', path.join(pool.folder, 'n.yaml'), '--data', path.join(pool.folder, 'n')];
      const server = ['--server', `https://127.0.0.1:${port}`];
      const joined = await runWatchkeeper([
        'agent',
        'join',
        '--token',
        token,
        ...server,
        '--name',
        'n',
        ...where,
      ]);
      assert.equal(joined.exitCode === 0, how !== 'as it is', joined.stderr);
    },
  );
