import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Rights } from '../../model/rights.ts';
import { keys } from '../../model/definitions.ts';
import { nodeFiles } from '../../runtime/node/files.ts';
import { writeIdentityFile } from '../../security/identity-file.ts';
import type { RunningServer } from '../../server/start-server.ts';
import { eventually, TestServers } from '../../server/testing/test-servers.ts';
import { runFake, type Ran } from '../fake-cli.ts';

const script = '#!/bin/sh\necho "before anybody was met"\n';
const policy = { kind: 'command', name: 'first', command: ['depot:first'], every: '1s' };
const ann = {
  name: 'ann',
  coreId: null,
  rights: new Rights([{ right: 'configure' }, { right: 'administer' }]),
};

/** A pool that gives nodes of the site Oslo one policy, which brings a file along, and new nodes that label. */
async function define({ view }: RunningServer): Promise<void> {
  const file = { sha256: hash('sha256', script), sizeBytes: script.length };
  await view.depot.upload(file, bodyOf(script));
  const options = { via: 'config apply', hold: false };
  const content = {
    managers: ['m1'],
    buffer: { bytesMax: '2MiB' },
    depot: { allow: true },
    labels: { site: 'oslo' },
  };
  await view.config.apply([{ kind: 'depot-file', name: 'first', revision: 0, content: file }], ann, options);
  await view.config.apply([{ kind: 'setting', name: 'installation', revision: 0, content }], ann, options);
  await view.policies.set('first', { source: policy }, 'ann');
  await view.policies.setGroup('oslo', { rules: [{ labels: { site: 'oslo' } }], policies: ['first'] }, 'ann');
}

async function addAnn(servers: TestServers, { view }: RunningServer, file: string): Promise<void> {
  const identity = servers.pool.identity('user');
  await servers.define(keys.user(identity.coreId), { coreId: identity.coreId, name: 'ann', createdMs: 0 });
  await writeIdentityFile(nodeFiles, file, await servers.pool.credentials(identity));
  await eventually('ann is known', () => view.access.users().length === 1);
}

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

test('an agent that was installed from a profile works, and joins when a server answers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wk-profile-'));
  await using servers = await TestServers.start(1);
  const [server] = servers.running;
  assert.ok(server);
  await addAnn(servers, server, join(folder, 'ann.pem'));
  await define(server);
  const run = (...line: string[]): Promise<Ran> =>
    runFake(line, { runtime: servers.runtime, workingDirectory: folder });
  const asAnn = ['--server', servers.urlOf(server), '--identity', 'ann.pem'];

  const made = await run('agent', 'profile', '--node', 'web01', ...asAnn);
  assert.deepEqual([made.exitCode, made.stderr], [0, `${folder}/web01.profile: 1 policies, good for 7d\n`]);
  assert.equal((await stat(join(folder, 'web01.profile'))).mode & 0o777, 0o600);
  await servers.stop(server);

  const joining = [
    'agent',
    'join',
    '--profile',
    'web01.profile',
    '--config',
    'web01.yaml',
    '--data',
    'web01',
  ];
  await chmod(join(folder, 'web01.profile'), 0o644);
  assert.match((await run(...joining)).stderr, /others may read this profile/);
  await chmod(join(folder, 'web01.profile'), 0o600);
  assert.match((await run(...joining, '--name', 'web02')).stderr, /is of node web01, not of web02/);
  const joined = await run(...joining);
  assert.equal(joined.exitCode, 0, joined.stderr);
  assert.match(
    await readFile(join(folder, 'web01.yaml'), 'utf8'),
    /bytesMax: 2MiB\n[^]*\ndepot: \{ allow: true \}\n/,
  );

  const stop = new AbortController();
  const agent = runFake(['agent', 'run', '--config', 'web01.yaml'], {
    runtime: servers.runtime,
    workingDirectory: folder,
    stop,
  });
  const status = async () =>
    JSON.parse((await run('agent', 'status', '--config', 'web01.yaml', '--json')).stdout);
  await eventually('it is up', () => existsSync(join(folder, 'web01/buffer.db')));
  let seen = await status();
  for (let tries = 0; seen.sources[0]?.counts.messages !== 1 && tries < 200; tries++) seen = await status();
  assert.equal(seen.sources[0]?.counts.messages, 1, 'it collects');
  assert.notEqual(seen.connection.phase, 'live');

  const back = await servers.restart(server);
  await eventually('what it collected is there', () =>
    back.view
      .page({ order: 'newest', limit: 100 }, null)
      .messages.some(({ text }) => text.includes('before anybody')),
  );
  await eventually(
    'it is a node of the pool',
    () => back.view.policies.deployment(null)[0]?.state === 'current',
  );
  assert.equal(existsSync(join(folder, 'web01/enrolment.json')), false);
  stop.abort();
  assert.equal((await agent).exitCode, 0);

  const again = await run('agent', 'profile', '--node', 'web01', '--to', 'other', ...asAnn);
  assert.match(again.stderr, /a node web01 has joined already/);
  await rm(folder, { recursive: true });
});

test('what is no profile is refused with what is wrong with it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wk-profile-'));
  await writeFile(join(folder, 'bad'), '{"kind":"watchkeeper agent profile","nod":1}', { mode: 0o600 });
  const line = ['agent', 'join', '--profile', 'bad', '--config', 'b.yaml', '--data', 'b'];
  await using servers = await TestServers.start(0);
  const bad = await runFake(line, { runtime: servers.runtime, workingDirectory: folder });
  assert.match(bad.stderr, /bad: is no agent profile: .*nod/);
  await rm(folder, { recursive: true });
});
