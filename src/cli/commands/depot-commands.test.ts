import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { keys } from '../../model/definitions.ts';
import { nodeFiles } from '../../runtime/node/files.ts';
import { writeIdentityFile } from '../../security/identity-file.ts';
import { eventually, TestServers } from '../../server/testing/test-servers.ts';
import { runFake, type Ran } from '../fake-cli.ts';

const script = '#!/bin/sh\necho fine\n';
const policy = { kind: 'command', name: 'disk', command: ['depot:check_disk', 'depot:conf'] };

/** Runs commands as the administrator of a pool of its own. */
async function administrator(folder: string, servers: TestServers, name: string) {
  const identity = servers.pool.identity('user');
  await servers.define(keys.user(identity.coreId), { coreId: identity.coreId, name: 'ann', createdMs: 0 });
  const role = { role: 'acting', order: [], failback: 'manual', pinned: null, carrier: null };
  await servers.define(keys.role('acting'), role);
  const file = join(folder, `${name}.pem`);
  await writeIdentityFile(nodeFiles, file, await servers.pool.credentials(identity));
  const [server] = servers.running;
  assert.ok(server);
  await eventually('ann is known', () => server.view.access.users().length === 1);
  const to = ['--server', servers.urlOf(server), '--identity', file];
  const run = (...words: string[]): Promise<Ran> =>
    runFake([...words, ...to], { runtime: servers.runtime, workingDirectory: folder });
  const ran = async (...words: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await run(...words);
    assert.equal(exitCode, 0, `${words.join(' ')}: ${stderr}`);
    return stdout;
  };
  return { server, run, ran };
}

test('files go into the depot, out of it, into a folder, and into another pool', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wk-depot-'));
  await using from = await TestServers.start(1);
  await using to = await TestServers.start(1);
  const old = await administrator(folder, from, 'old');
  const other = await administrator(folder, to, 'other');
  await writeFile(join(folder, 'check_disk'), script);
  await chmod(join(folder, 'check_disk'), 0o755);
  await writeFile(join(folder, 'thresholds.conf'), Buffer.from([0, 255, 10, 13]));

  await old.ran('depot', 'add', 'check_disk');
  await old.ran('depot', 'add', 'thresholds.conf', '--name', 'conf');
  await old.server.view.policies.set('disk', { source: policy }, 'ann');
  assert.match(await old.ran('depot', 'list'), /check_disk +20 B .* 1 of 1 +policy\/disk/);
  assert.match(await old.ran('depot', 'show', 'check_disk'), /a program\n.*SHA-256 {3}[0-9a-f]{64}/s);
  assert.match((await old.run('depot', 'show', 'chek_disk')).stderr, /did you mean check_disk\?/);
  assert.match((await old.run('depot', 'remove', 'conf')).stderr, /depot file conf is used by policy disk/);
  assert.match((await old.run('depot', 'add', 'nothing')).stderr, /nothing: there is no such file/);
  await old.ran('depot', 'get', 'conf', '--to', 'conf.bin');
  assert.deepEqual([...(await readFile(join(folder, 'conf.bin')))], [0, 255, 10, 13]);

  await old.ran('config', 'export', 'pool');
  assert.equal((await stat(join(folder, 'pool/depot/check_disk'))).mode & 0o777, 0o755);
  await other.ran('config', 'apply', 'pool');
  assert.match(await other.ran('config', 'diff', 'pool'), /0 to create, 0 to change, 0 to remove/);
  assert.equal(other.server.view.depot.list().files.length, 2);

  await writeFile(join(folder, 'pool/depot/check_disk'), `${script}# changed\n`);
  assert.match(
    (await other.run('config', 'diff', 'pool')).stdout,
    /change +depot-file\/check_disk\n +sha256: /,
  );
  await other.ran('config', 'apply', 'pool');
  const history = JSON.parse(await other.ran('config', 'history', 'depot-file/check_disk', '--json'));
  const [, first] = history.changes;
  await other.ran('config', 'rollback', 'depot-file/check_disk', '--revision', String(first.revision));
  await other.ran('depot', 'get', 'check_disk', '--to', 'back');
  assert.equal(await readFile(join(folder, 'back'), 'utf8'), script);

  await old.server.view.policies.remove('disk', undefined, 'ann');
  await old.ran('depot', 'remove', 'conf');
  assert.doesNotMatch(await old.ran('depot', 'list'), /conf/);
  await rm(folder, { recursive: true });
});
