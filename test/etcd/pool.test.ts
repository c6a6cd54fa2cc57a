import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poolStatus, type Status } from '../pool/answers.ts';
import { signal } from '../pool/managed-process.ts';
import { childrenOf } from '../pool/process-table.ts';
import { RealPool, until, type RealServer } from '../pool/real-pool.ts';
import { isInstalled } from '../runner/needs.ts';
import { leaderOf } from './etcd-clients.ts';
import { EtcdCluster } from './etcd-cluster.ts';

const options = { timeout: 120_000, ...(!isInstalled('etcd') && { skip: 'etcd is not installed' }) };

type Role = Status['roles'][number];

async function actingOf(server: RealServer): Promise<Role | undefined> {
  return (await poolStatus(server.api, 1_000)).roles.find(({ role }) => role === 'acting');
}

function named(pool: RealPool, name: string | null | undefined): RealServer {
  const server = pool.servers.find((each) => each.name === name);
  assert.ok(server, `no server ${name ?? 'at all'} acts`);
  return server;
}

/** How long until another server than `old` acts, as a server that stayed says. */
async function takeoverMs(pool: RealPool, old: RealServer): Promise<number> {
  const startMs = performance.now();
  const [witness] = pool.servers.filter((server) => server !== old);
  assert.ok(witness);
  await until(
    'another server acts',
    async () => {
      const role = await actingOf(witness);
      return role !== undefined && role.holderName !== null && role.holderName !== old.name;
    },
    20_000,
    20,
  );
  return performance.now() - startMs;
}

test('a pool on etcd: its server dies, its keeper dies, and etcd loses its leader', options, async (t) => {
  await using cluster = await EtcdCluster.start(3);
  await using pool = await RealPool.start({ coordination: cluster.url('watchkeeper/test') });
  const [any] = pool.servers;
  assert.ok(any);

  const first = named(pool, (await actingOf(any))?.holderName);
  const [serverPid] = childrenOf(first.process.pid ?? 0);
  assert.ok(serverPid !== undefined && signal(serverPid, 'SIGKILL'));
  t.diagnostic(`server process killed: another acts after ${Math.round(await takeoverMs(pool, first))} ms`);
  await until('it is back', async () => (await first.api.get('/readyz', 1_000)) !== null, 20_000);

  const before = await actingOf(first);
  await cluster.kill(await leaderOf(cluster));
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const after = await actingOf(first);
  assert.deepEqual([after?.holder, after?.epoch], [before?.holder, before?.epoch]);
  t.diagnostic('etcd lost its leader: the same server acts in the same epoch 5 s later');

  const second = named(pool, after?.holderName);
  assert.ok(signal(second.process.pid ?? 0, 'SIGKILL'));
  t.diagnostic(`keeper killed: another acts after ${Math.round(await takeoverMs(pool, second))} ms`);
});
