import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { Coordination } from '../../src/coordination/coordination.ts';
import { openCoordination } from '../../src/coordination/open.ts';
import { nodeClock, nodeTimers } from '../../src/runtime/node/clock.ts';
import { nodeDatabases } from '../../src/runtime/node/database.ts';
import { nodeFiles } from '../../src/runtime/node/files.ts';
import { silentLog } from '../../src/runtime/node/log.ts';
import { nodeRandom } from '../../src/runtime/node/random.ts';
import { issueCertificate, makeAuthority } from '../../src/security/authority.ts';
import { makeKeyPair } from '../../src/security/key-pair.ts';
import { until } from '../pool/real-pool.ts';
import { isInstalled } from '../runner/needs.ts';
import { EtcdCluster, type EtcdTls } from './etcd-cluster.ts';

const ports = {
  clock: nodeClock,
  timers: nodeTimers,
  random: nodeRandom,
  files: nodeFiles,
  databases: nodeDatabases,
  log: silentLog,
};
const options = { timeout: 20_000, ...(!isInstalled('etcd') && { skip: 'etcd is not installed' }) };

/** A pool's authority and one server's certificate, good for listening and for dialling, as files. */
async function makeFiles(folder: string, name: string): Promise<EtcdTls> {
  const authority = await makeAuthority(name, ports);
  const { keyPem, publicKeyPem } = makeKeyPair();
  const coreId = '00000000-0000-4000-8000-000000000001';
  const identity = { kind: 'server', pool: coreId, coreId } as const;
  const hosts = ['127.0.0.1'];
  const certificatePem = await issueCertificate(authority, { identity, publicKeyPem, name, hosts }, ports);
  const write = (file: string, text: string): string => {
    const full = path.join(folder, `${name}-${file}`);
    writeFileSync(full, text, { mode: 0o600 });
    return full;
  };
  return {
    ca: write('ca.pem', authority.certificatePem),
    cert: write('cert.pem', certificatePem),
    key: write('key.pem', keyPem),
  };
}

async function getFails(coordination: Coordination, why: RegExp): Promise<void> {
  await assert.rejects(coordination.get('x'), (error) => {
    assert.ok(error instanceof Error && 'code' in error);
    assert.equal(error.code, 'WK_COORDINATOR_AWAY');
    assert.match(error.message, why);
    return true;
  });
  await coordination.close();
}

test("etcd takes the pool's own certificates and nobody else's", options, async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'watchkeeper-etcd-tls-'));
  try {
    const ours = await makeFiles(folder, 'ours');
    const foreign = await makeFiles(folder, 'foreign');
    await using cluster = await EtcdCluster.start(1, ours);
    const place = cluster.url('test').split('?')[0] ?? '';
    const open = (files: EtcdTls): Promise<Coordination> =>
      openCoordination(`${place}?${new URLSearchParams({ ...files }).toString()}`, ports);

    const coordination = await open(ours);
    assert.equal(
      (await coordination.transact({ conditions: [], writes: [{ key: 'x', value: '1' }] })).done,
      true,
    );
    assert.equal((await coordination.get('x'))?.value, '1');
    await coordination.close();
    await getFails(await open(foreign), /certificate/);
    await getFails(await open({ ...foreign, ca: ours.ca }), /does not answer/);
    await getFails(await openCoordination(place.replace('etcds', 'etcd'), ports), /does not answer/);
    await assert.rejects(open({ ...ours, key: '/nowhere/key.pem' }), { code: 'WK_NOT_FOUND' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test(
  'certificates are read again while everything runs, for those that are signed anew',
  options,
  async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'watchkeeper-etcd-tls-'));
    try {
      const ours = await makeFiles(folder, 'ours');
      const foreign = await makeFiles(folder, 'foreign');
      await using cluster = await EtcdCluster.start(1, ours);
      // A week passes in a tenth of a second.
      const after: typeof nodeTimers.after = (delayMs, run) =>
        nodeTimers.after(delayMs > 86_400_000 ? 100 : delayMs, run);
      const own = { ca: path.join(folder, 'a'), cert: path.join(folder, 'b'), key: path.join(folder, 'c') };
      const use = ({ ca, cert, key }: EtcdTls): void => {
        for (const [from, to] of [
          [ca, own.ca],
          [key, own.key],
          [cert, own.cert],
        ] as const)
          copyFileSync(from, to);
      };
      use(ours);
      const place = cluster.url('test').split('?')[0] ?? '';
      const url = `${place}?${new URLSearchParams(own).toString()}`;
      const coordination = await openCoordination(url, { ...ports, timers: { ...nodeTimers, after } });
      const answers = (): Promise<boolean> =>
        coordination.get('x').then(
          () => true,
          () => false,
        );
      assert.ok(await answers());
      use(foreign);
      await until('the other certificate is used', async () => !(await answers()), 10_000);
      use(ours);
      await until('ours is used again', answers, 10_000);
      await coordination.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
