import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { z } from 'zod';
import { connectMember } from '../../src/coordination/etcd/member.ts';
import { etcdFiles } from '../../src/coordination/managed/etcd-files.ts';
import { nodeClock } from '../../src/runtime/node/clock.ts';
import { nodeCommands } from '../../src/runtime/node/commands.ts';
import { nodeFiles } from '../../src/runtime/node/files.ts';
import { nodeRandom } from '../../src/runtime/node/random.ts';
import { issueCertificate } from '../../src/security/authority.ts';
import { readAuthorityFile } from '../../src/security/authority-file.ts';
import { certificateInfo } from '../../src/security/certificate-info.ts';
import { etcdSerial } from '../../src/security/etcd-revoked.ts';
import { publicKeyOf } from '../../src/security/key-pair.ts';
import { freePorts } from '../pool/free-ports.ts';
import { ManagedProcess } from '../pool/managed-process.ts';
import { poolStatus } from '../pool/answers.ts';
import { RealPool, until, type EtcdListen, type RealServer } from '../pool/real-pool.ts';
import { isInstalled } from '../runner/needs.ts';
import { actors } from './actors.ts';
import { epochOfActing, etcdOfPool } from './etcd-of-pool.ts';
import { endEtcdOf, etcdOf } from './own-etcd.ts';

const dayMs = 86_400_000;
const trustSchema = z.object({ notFollowed: z.array(z.object({ kind: z.string(), name: z.string() })) });
const options = { timeout: 240_000, ...(!isInstalled('etcd') && { skip: 'etcd is not installed' }) };

/** It takes the certificate of this server or witness, has a leader and knows all up to now. */
async function answers(pool: RealPool, [client]: EtcdListen, who = 'witness'): Promise<boolean> {
  const file = (name: string): string => readFileSync(path.join(pool.folder, who, 'etcd', name), 'utf8');
  const authorityPems = [file('ca.pem')];
  const credentials = { certificatePem: file('cert.pem'), keyPem: file('key.pem'), authorityPems };
  const member = connectMember(`https://${client}`, credentials);
  try {
    return (await member.kv.range({ key: new Uint8Array([0]) }, { timeoutMs: 1_000 })).header !== undefined;
  } finally {
    member.close();
  }
}

async function areWell(pool: RealPool, servers: readonly RealServer[]): Promise<boolean> {
  const statuses = await Promise.all(servers.map(({ api }) => poolStatus(api, 2_000)));
  const isHealthy = statuses.every(({ members }) => members.every(({ healthy }) => healthy));
  return isHealthy && (await actors(pool, 'acting')).length === 1;
}

/** As if the witness had joined two months ago, and been off since. */
async function makeOld(pool: RealPool, data: string): Promise<void> {
  const authority = await readAuthorityFile(
    { files: nodeFiles, commands: nodeCommands() },
    path.join(pool.folder, 'server-1/authority.pem'),
  );
  const { cert, key } = etcdFiles(data);
  const { identity, hosts } = certificateInfo(readFileSync(cert, 'utf8'));
  assert.ok(identity);
  const as = { nowMs: nodeClock.wallMs() - 60 * dayMs, serial: etcdSerial(identity.coreId) };
  const publicKeyPem = publicKeyOf(readFileSync(key, 'utf8'));
  const request = { identity, publicKeyPem, name: 'witness', hosts, as };
  writeFileSync(cert, await issueCertificate(authority, request, { clock: nodeClock, random: nodeRandom }));
}

/** Days that the witness's certificate is good for. */
function daysLeft(pool: RealPool): number {
  const { cert } = etcdFiles(path.join(pool.folder, 'witness'));
  return (certificateInfo(readFileSync(cert, 'utf8')).notAfterMs - nodeClock.wallMs()) / dayMs;
}

async function startWitness(pool: RealPool, listen: EtcdListen): Promise<ManagedProcess> {
  const config = path.join(pool.folder, 'witness.yaml');
  const token = await pool.joinToken('witness', 'witness');
  const server = pool.servers[0]?.url ?? '';
  const place = ['--listen', listen[0], '--peer', listen[1], '--config', config];
  const data = path.join(pool.folder, 'witness');
  const who = ['--token', token, '--server', server, '--name', 'witness', '--data', data];
  await pool.command('witness', 'join', ...who, ...place);
  await makeOld(pool, data);
  const log = path.join(pool.folder, 'witness.log');
  const process = new ManagedProcess('witness', ['witness', 'run', '--config', config], log);
  process.start();
  return process;
}

/** What is believed changes: each of three members starts anew, one at a time. */
async function followRotation(pool: RealPool, first: RealServer, t: TestContext): Promise<void> {
  const voters = ['server-1', 'server-2', 'witness'];
  const pids = voters.map((name) => etcdOf(pool, name).pid);
  await pool.command('trust', 'rotate', '--config', first.config);
  const rotatedMs = performance.now();
  const behind = async (): Promise<string[]> =>
    trustSchema
      .parse(JSON.parse(await pool.command('trust', 'list', '--json', '--config', first.config)))
      .notFollowed.flatMap(({ kind, name }) => (kind === 'user' ? [] : [name]));
  await until('every etcd believes both', async () => (await behind()).length === 0, 60_000, 500);
  t.diagnostic(`every etcd believes both ${Math.round(performance.now() - rotatedMs)} ms after the rotation`);
  for (const [at, name] of voters.entries()) assert.notEqual(etcdOf(pool, name).pid, pids[at]);
}

test(
  'two servers and a witness: one voter, then three; any of them is lost, and a server is replaced',
  options,
  async (t) => {
    const ports = await freePorts(8);
    const place = (at: number): EtcdListen => [`127.0.0.1:${ports[at]}`, `127.0.0.1:${ports[at + 1]}`];
    const etcdListen = [place(0), place(2), place(4)];
    await using pool = await RealPool.start({ coordination: 'managed', etcdListen, servers: 2 });
    let witness: ManagedProcess | null = null;
    try {
      const [first, second] = pool.servers;
      assert.ok(first && second);
      const is = async (of: RealServer, wanted: string): Promise<void> =>
        await until(wanted, async () => (await etcdOfPool(of)) === wanted, 30_000);

      // Never two voters: the second server is sent everything, and has no vote.
      await is(first, 'server-1 voter, server-2 learner');
      const startMs = performance.now();
      witness = await startWitness(pool, place(6));
      await is(first, 'server-1 voter, server-2 voter, witness voter');
      t.diagnostic(`three voters ${Math.round(performance.now() - startMs)} ms after the witness joined`);

      await until('the witness has renewed its certificate', () => daysLeft(pool) > 85, 30_000);
      const epoch = await epochOfActing(first);
      const before = await actors(pool, 'acting');
      const commands = nodeCommands();

      await followRotation(pool, first, t);
      assert.deepEqual([await actors(pool, 'acting'), await epochOfActing(first)], [before, epoch]);

      for (const [at, name] of ['server-1', 'server-2', 'witness'].entries()) {
        const killed = etcdOf(pool, name);
        assert.ok(commands.end(killed));
        await until(`etcd of ${name} runs again`, () => etcdOf(pool, name).pid !== killed.pid, 20_000, 50);
        await until(`etcd of ${name} answers`, () => answers(pool, place([0, 2, 6][at] ?? 0)), 20_000);
        await until('all are well', async () => await areWell(pool, [first, second]), 20_000);
      }
      assert.deepEqual([await actors(pool, 'acting'), await epochOfActing(first)], [before, epoch]);

      // A third server is a learner, until a voter leaves.
      const third = await pool.joinServer();
      await is(second, 'server-1 voter, server-2 voter, server-3 learner, witness voter');
      const running = etcdOf(pool, 'server-1');
      const said = await pool.command('server', 'remove', 'server-1', '--config', second.config, '--json');
      assert.equal(z.object({ etcd: z.string() }).parse(JSON.parse(said)).etcd, 'no member');
      await is(third, 'server-2 voter, server-3 voter, witness voter');
      await until('the removed server has ended its etcd', () => !commands.isRunning(running), 30_000);
      await first.process.stop();
      await until('all are well', async () => await areWell(pool, [second, third]), 20_000);

      // etcd knows who was removed or revoked, and nobody else suffers by it.
      const isTaken = (who: string): Promise<boolean> =>
        answers(pool, place(2), who).then(
          () => true,
          () => false,
        );
      for (const who of ['server-3', 'witness']) await until(`etcd takes ${who}`, () => isTaken(who), 20_000);
      await until('etcd takes no removed server', async () => !(await isTaken('server-1')), 10_000);
      const why = ['--because', 'it was stolen', '--config', second.config];
      await pool.command('cert', 'revoke', 'witness', ...why);
      const revokedMs = performance.now();
      await until('etcd takes no revoked witness', async () => !(await isTaken('witness')), 10_000);
      t.diagnostic(`refused by etcd ${Math.round(performance.now() - revokedMs)} ms after it was revoked`);
      await until('etcd takes everybody else', () => isTaken('server-3'), 20_000);
      await until('all are well', async () => await areWell(pool, [second, third]), 20_000);
    } finally {
      await Promise.all([...pool.servers.map(({ process }) => process.stop()), witness?.stop()]);
      for (const name of ['server-1', 'server-2', 'server-3', 'witness']) await endEtcdOf(pool, name);
    }
  },
);
