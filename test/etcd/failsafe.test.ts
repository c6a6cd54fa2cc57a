import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { allMessages, poolStatus } from '../pool/answers.ts';
import { signal } from '../pool/managed-process.ts';
import { RealPool, until, type RealServer } from '../pool/real-pool.ts';
import { watchkeeper } from '../pool/watchkeeper.ts';
import { isInstalled } from '../runner/needs.ts';
import { actors } from './actors.ts';
import { EtcdCluster } from './etcd-cluster.ts';

const options = { timeout: 240_000, ...(!isInstalled('etcd') && { skip: 'etcd is not installed' }) };
const outageMs = 60_000;
const lookEveryMs = 250;

async function held(server: RealServer): Promise<unknown[]> {
  const { roles } = await poolStatus(server.api);
  return roles.map(({ role, holderName, epoch }) => [role, holderName, epoch]);
}

async function start(cluster: EtcdCluster): Promise<RealPool> {
  const pool = await RealPool.start({ coordination: cluster.url('watchkeeper/test'), agents: 1 });
  await until('one acts', async () => (await actors(pool, 'acting')).length === 1, 10_000);
  return pool;
}

async function send(pool: RealPool, text: string): Promise<void> {
  const config = path.join(pool.folder, 'node-1.yaml');
  await watchkeeper(['message', 'send', '--config', config, '--severity', 'normal', '--text', text]);
}

test(
  'etcd stands still for a minute: who holds goes on, messages are taken, nobody else acts',
  options,
  async (t) => {
    await using cluster = await EtcdCluster.start(3);
    await using pool = await start(cluster);
    const [any] = pool.servers;
    assert.ok(any);
    const before = await held(any);
    for (const name of cluster.names) cluster.send(name, 'SIGSTOP');
    const stoppedMs = performance.now();
    const looks: string[] = [];
    const look = async (): Promise<void> => {
      const names = await Promise.all(['acting', 'virtual-interface/main'].map((role) => actors(pool, role)));
      looks.push(JSON.stringify(names));
      await sleep(lookEveryMs);
    };
    await send(pool, 'sent during the outage');
    await until(
      'a message is taken and forwarded without etcd',
      async () => {
        const everywhere = await Promise.all(pool.servers.map(({ api }) => allMessages(api)));
        return everywhere.every((messages) => messages.some(({ text }) => text === 'sent during the outage'));
      },
      10_000,
    );
    while (performance.now() - stoppedMs < outageMs) await look();
    for (const name of cluster.names) cluster.send(name, 'SIGCONT');
    const continuedMs = performance.now();
    while (performance.now() - continuedMs < 8_000) await look();
    t.diagnostic(`${looks.length} looks in the outage and after it: ${[...new Set(looks)].join(' then ')}`);
    assert.equal(new Set(looks).size, 1, 'one holder, the same at every look');
    await until(
      'the same holders, in the same epochs',
      async () => {
        assert.deepEqual(await held(any), before);
        return true;
      },
      10_000,
    );
  },
);

test(
  'etcd stands still and a member is stopped: the holder stops in time, and one acts afterwards',
  options,
  async (t) => {
    await using cluster = await EtcdCluster.start(1);
    await using pool = await start(cluster);
    const [holder] = await actors(pool, 'acting');
    const member = pool.servers.find(({ name }) => name !== holder);
    assert.ok(member);
    for (const name of cluster.names) cluster.send(name, 'SIGSTOP');
    assert.ok(signal(member.process.pid ?? 0, 'SIGSTOP'));
    const stoppedMs = performance.now();
    await until('nobody acts', async () => (await actors(pool, 'acting')).length === 0, 10_000, 20);
    const tookMs = performance.now() - stoppedMs;
    t.diagnostic(`nobody acts ${Math.round(tookMs)} ms after etcd and the keeper of one member stood still`);
    assert.ok(tookMs < 4_000);
    await sleep(3_000);
    assert.deepEqual(await actors(pool, 'acting'), []);
    signal(member.process.pid ?? 0, 'SIGCONT');
    for (const name of cluster.names) cluster.send(name, 'SIGCONT');
    await until('one acts again', async () => (await actors(pool, 'acting')).length === 1, 15_000);
  },
);
