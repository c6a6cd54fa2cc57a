import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Credentials } from '../../runtime/network.ts';
import { writeIdentityFile } from '../../security/identity-file.ts';
import { TestPool } from '../../security/test-pool.ts';
import { keys } from '../../model/definitions.ts';
import { eventually, TestServers } from '../../server/testing/test-servers.ts';
import { runFake, type Ran } from '../fake-cli.ts';
import { processRuntime } from '../process-runtime.ts';

const runtime = processRuntime('', 'silent');

test('ping says ok, or which side lacks which trust, or that nobody answers', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'wk-ping-'));
  t.after(() => rm(folder, { recursive: true }));
  await using servers = await TestServers.start(1);
  const [server] = servers.running;
  assert.ok(server);
  const stranger = await TestPool.make();
  const identity = servers.pool.identity('user');
  const { coreId } = identity;
  await servers.define(keys.user(coreId), { coreId, name: 'ann', createdMs: 0, roles: ['observer'] });
  await eventually('ann is known', () => server.view.account(identity) !== null);
  const url = servers.urlOf(server);
  const ours = servers.pool.authority.certificatePem;
  const theirs = stranger.authority.certificatePem;
  const good = await servers.pool.credentials(identity);
  const ping = async (credentials: Credentials, at = url): Promise<Ran> => {
    const file = join(folder, 'me.pem');
    await writeIdentityFile(runtime.files, file, credentials);
    return runFake(['ping', at, '--identity', file, '--timeout', '2s'], {
      runtime,
      workingDirectory: folder,
    });
  };

  const well = await ping(good);
  assert.equal(well.exitCode, 0, well.stderr);
  assert.match(well.stdout, /: ok: m1, version .*TLS handshake \d+ ms, an answer as you \d+ ms/);

  const blind = await ping({ ...good, authorityPems: [theirs] });
  assert.deepEqual(
    [blind.exitCode, /: tls error: .*this side believes [0-9a-f]{16}/.test(blind.stdout)],
    [4, true],
  );

  const foreign = {
    ...(await stranger.credentials(stranger.identity('user'))),
    authorityPems: [ours, theirs],
  };
  const unknown = await ping(foreign);
  assert.equal(unknown.exitCode, 4, unknown.stdout);
  assert.match(
    unknown.stdout,
    /: tls error: the server does not take your certificate \(signed by the authority [0-9a-f]{16}, valid until/,
  );

  const nobody = await ping(good, 'https://127.0.0.1:1');
  assert.deepEqual(
    [nobody.exitCode, /: unreachable: .*nothing listens there/.test(nobody.stdout)],
    [5, true],
  );
});
