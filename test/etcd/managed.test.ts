import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { agentConfigSchema } from '../../src/agent/config.ts';
import { connectMember } from '../../src/coordination/etcd/member.ts';
import { nodeCommands } from '../../src/runtime/node/commands.ts';
import { nodeFiles } from '../../src/runtime/node/files.ts';
import { readYamlFile } from '../../src/runtime/yaml-file.ts';
import type { Credentials } from '../../src/runtime/network.ts';
import { freePorts } from '../pool/free-ports.ts';
import { signal } from '../pool/managed-process.ts';
import { poolStatus, type Status } from '../pool/answers.ts';
import { runWatchkeeper } from '../pool/watchkeeper.ts';
import { RealPool, until, type RealServer } from '../pool/real-pool.ts';
import { isInstalled } from '../runner/needs.ts';
import { actors } from './actors.ts';
import { endEtcdOf, etcdOf } from './own-etcd.ts';

const options = { timeout: 120_000, ...(!isInstalled('etcd') && { skip: 'etcd is not installed' }) };
async function agentCredentials(pool: RealPool): Promise<Credentials> {
  const { identity } = await readYamlFile(nodeFiles, pool.agents[0]?.config ?? '', agentConfigSchema);
  const [certificatePem, keyPem, authority] = [identity.certificate, identity.key, identity.authorities].map(
    (file) => readFileSync(file, 'utf8'),
  );
  return { certificatePem: certificatePem ?? '', keyPem: keyPem ?? '', authorityPems: [authority ?? ''] };
}

async function acting({ api }: RealServer): Promise<Status['roles'][number] | undefined> {
  return (await poolStatus(api, 2_000)).roles.find(({ role }) => role === 'acting');
}

async function areWell(pool: RealPool): Promise<boolean> {
  const statuses = await Promise.all(pool.servers.map(({ api }) => poolStatus(api, 2_000)));
  const isHealthy = statuses.every(({ members }) => members.every(({ healthy }) => healthy));
  return isHealthy && (await actors(pool, 'acting')).length === 1;
}

test(
  'a pool that runs its own etcd: founded, joined, and etcd outlives its keeper and comes back',
  options,
  async (t) => {
    const [port = 0, peer = 0] = await freePorts(2);
    const etcdListen = [[`127.0.0.1:${port}`, `127.0.0.1:${peer}`] as const];
    await using pool = await RealPool.start({ coordination: 'managed', etcdListen, agents: 1 });
    try {
      const [first, second] = pool.servers;
      assert.ok(first && second);
      await until('one acts', async () => (await actors(pool, 'acting')).length === 1, 10_000);
      const running = etcdOf(pool, 'server-1');

      // The keeper dies; its etcd goes on, and the next keeper leaves it alone.
      assert.ok(signal(first.process.pid ?? 0, 'SIGKILL'));
      await until('its roles are taken anew', async () => (await acting(second))?.epoch === 2, 20_000);
      await until('all are well again', async () => await areWell(pool), 20_000);
      assert.deepEqual(etcdOf(pool, 'server-1'), running);
      assert.ok(nodeCommands().isRunning(running));

      // etcd dies; the keeper starts it again, and nobody loses a role meanwhile.
      const before = await actors(pool, 'acting');
      assert.ok(nodeCommands().end(running));
      const killedMs = performance.now();
      await until('etcd runs again', () => etcdOf(pool, 'server-1').pid !== running.pid, 20_000, 50);
      t.diagnostic(`etcd killed: started again after ${Math.round(performance.now() - killedMs)} ms`);
      await until('one acts', async () => (await actors(pool, 'acting')).length === 1, 20_000);
      assert.deepEqual(await actors(pool, 'acting'), before);

      const removal = await runWatchkeeper(['server', 'remove', 'server-1', '--config', second.config]);
      assert.deepEqual([removal.exitCode, /runs the only member/.test(removal.stderr)], [6, true]);

      // Agents have certificates of the same authority, and no business in etcd.
      const credentials = await agentCredentials(pool);
      const asAgent = connectMember(`https://127.0.0.1:${port}`, credentials);
      await assert.rejects(async () => asAgent.kv.range({ key: new Uint8Array([0]) }, { timeoutMs: 2_000 }));
      asAgent.close();
    } finally {
      await Promise.all(pool.servers.map(({ process }) => process.stop()));
      await endEtcdOf(pool, 'server-1');
    }
  },
);
