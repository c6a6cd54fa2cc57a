import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openCoordination } from '../../coordination/open.ts';
import { keys } from '../../model/definitions.ts';
import { uuidV4 } from '../../model/uuid.ts';
import type { HttpAnswer, HttpCall } from '../../runtime/network.ts';
import { issueCertificate } from '../../security/authority.ts';
import { readAuthorityFile, writePlainAuthority } from '../../security/authority-file.ts';
import { fingerprintOf, issuerOf } from '../../security/certificate-info.ts';
import { parseJoinToken } from '../../security/join-token.ts';
import { TestPool } from '../../security/test-pool.ts';
import { readIdentityFile, writeIdentityFile } from '../../security/identity-file.ts';
import { publicKeyOf } from '../../security/key-pair.ts';
import { renewRequestSchema } from '../../model/trust.ts';
import { jsonAnswer, runFake, type Ran } from '../fake-cli.ts';
import { processRuntime } from '../process-runtime.ts';

const runtime = processRuntime('', 'silent');
const config = '--config m1.yaml';
const dayMs = 86_400_000;

async function start(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'wk-cert-'));
  t.after(() => rm(folder, { recursive: true }));
  const run = (line: string, answer?: (call: HttpCall) => Promise<HttpAnswer>): Promise<Ran> =>
    runFake(line.split(' '), { runtime, workingDirectory: folder, ...(answer ? { answer } : {}) });
  const made = await run(
    'pool create --name north --server m1 --listen 127.0.0.1:7101 --config m1.yaml --data data/m1',
  );
  assert.equal(made.exitCode, 0, made.stderr);
  const coordination = await openCoordination(`sqlite:${folder}/data/north-coordination.db`, runtime);
  t.after(() => coordination.close());
  const node = { coreId: uuidV4(runtime.random.bytes(16)), name: 'web01', joinedMs: 1 };
  const put = (key: string, value: object) =>
    coordination.transact({ conditions: [], writes: [{ key, value: JSON.stringify(value) }] });
  await put(keys.node(node.coreId), node);
  return { folder, run, node, put };
}

test('who has which certificate is listed; a node is revoked by its name, and removed', async (t) => {
  const { run, node, put } = await start(t);
  const listed = await run(`cert list ${config}`);
  for (const text of [/server +m1 /, /user +admin /, /agent +web01 +unknown/])
    assert.match(listed.stdout, text);
  assert.equal((await run(`cert revoke web01 ${config}`)).exitCode, 2);
  assert.equal((await run(`cert revoke web01 --because stolen ${config}`)).exitCode, 0);
  const shown = JSON.parse((await run(`cert show web01 --json ${config}`)).stdout);
  assert.deepEqual([shown.state, shown.revocation.because], ['revoked', 'stolen']);
  assert.match((await run(`cert show web01 ${config}`)).stdout, /revoked .* by command line on m1\n/);
  const removed = await run(`node remove web01 ${config}`);
  assert.equal(removed.exitCode, 0, removed.stderr);
  const agents = JSON.parse((await run(`cert list --kind agent --json ${config}`)).stdout).identities;
  assert.deepEqual(
    agents.map(({ enrolled, state }: { enrolled: boolean; state: string }) => [enrolled, state]),
    [[false, 'revoked']],
  );
  // The name is free; the node that has it now is another one.
  const next = { ...node, coreId: uuidV4(runtime.random.bytes(16)) };
  await put(keys.node(next.coreId), next);
  assert.equal(JSON.parse((await run(`cert show web01 --json ${config}`)).stdout).coreId, next.coreId);
  assert.equal((await run(`node remove nobody ${config}`)).exitCode, 3);
  const own = await run(`cert revoke m1 --because test ${config}`);
  assert.equal(own.exitCode, 6);
  assert.match(own.stderr, /is this server/);
});

test('several of one name are told apart by kind', async (t) => {
  const { run, put } = await start(t);
  const coreId = uuidV4(runtime.random.bytes(16));
  await put(keys.node(coreId), { coreId, name: 'm1', joinedMs: 1 });
  const both = await run(`cert show m1 ${config}`);
  assert.equal(both.exitCode, 6);
  assert.match(both.stderr, /several are called m1: server .*, agent .*; give --kind/);
  assert.equal(JSON.parse((await run(`cert show m1 --kind agent --json ${config}`)).stdout).coreId, coreId);
});

test('a person gets a further certificate, in a file of their own that nobody else may read', async (t) => {
  const { folder, run } = await start(t);
  const issued = await run(`cert issue admin --identity second.pem ${config}`);
  assert.equal(issued.exitCode, 0, issued.stderr);
  const path = join(folder, 'second.pem');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await readIdentityFile(runtime.files, path)).name, 'admin');
  assert.equal((await run(`cert issue admin --identity second.pem ${config}`)).exitCode, 6);
  const shown = await run(`cert show admin --json ${config}`);
  assert.equal(JSON.parse(shown.stdout).state, 'valid');
  const wrong = await run(`cert issue web01 --identity third.pem ${config}`);
  assert.equal(wrong.exitCode, 3);
});

test('a certificate past its half is renewed by whatever command uses it', async (t) => {
  const { folder, run } = await start(t);
  const path = join(folder, '.config/watchkeeper/north-admin.pem');
  const { identity, credentials } = await readIdentityFile(runtime.files, path);
  const authority = await readAuthorityFile(runtime, join(folder, 'data/m1/authority.pem'));
  const sign = (publicKeyPem: string, nowMs: number) =>
    issueCertificate(
      authority,
      { identity, publicKeyPem, name: 'admin', as: { nowMs, serial: runtime.random.bytes(16) } },
      runtime,
    );
  const nowMs = runtime.clock.wallMs();
  const old = await sign(publicKeyOf(credentials.keyPem), nowMs - 60 * dayMs);
  await writeIdentityFile(runtime.files, path, { ...credentials, certificatePem: old });
  const asked: string[] = [];
  const answer = async (call: HttpCall): Promise<HttpAnswer> => {
    asked.push(new URL(call.url).pathname);
    if (!call.url.endsWith('/renew')) return jsonAnswer({ nodes: [] });
    assert.equal(call.credentials, undefined);
    const { publicKeyPem } = renewRequestSchema.parse(JSON.parse(call.body ?? ''));
    return jsonAnswer({
      certificatePem: await sign(publicKeyPem, nowMs),
      authorityPems: [...credentials.authorityPems],
    });
  };
  assert.equal((await run('node list', answer)).exitCode, 0);
  assert.deepEqual(asked, ['/api/v1/renew', '/api/v1/nodes']);
  assert.ok((await readIdentityFile(runtime.files, path)).notAfterMs > nowMs + 89 * dayMs);
  await run('node list', answer);
  assert.deepEqual(asked.slice(2), ['/api/v1/nodes']);
  assert.equal((await run('cert renew', answer)).exitCode, 0);
  assert.equal(asked.at(-1), '/api/v1/renew');
});

test('revoking a server exchanges what sessions are signed with, and revoking anybody else does not', async (t) => {
  const { folder, run, put } = await start(t);
  const keysNow = async (): Promise<string> => {
    const coordination = await openCoordination(
      `sqlite:${join(folder, 'data/north-coordination.db')}`,
      runtime,
    );
    const item = await coordination.get(keys.sessionKeys);
    await coordination.close();
    return item?.value ?? '';
  };
  const server = uuidV4(runtime.random.bytes(16));
  await put(keys.server(server), { coreId: server, name: 'm2', url: 'https://127.0.0.1:9', joinedMs: 1 });
  const before = await keysNow();
  assert.equal((await run(`cert revoke web01 --because stolen ${config}`)).exitCode, 0);
  assert.equal(await keysNow(), before);
  const revoked = await run(`cert revoke m2 --because stolen ${config}`);
  assert.match(revoked.stderr, /everybody signs in anew/);
  const { keys: now } = JSON.parse(await keysNow());
  assert.equal(now.length, 1);
  assert.ok(!before.includes(now[0].secret));
});

test('the next authority is carried by hand: into a file for its owner, and taken in where it is believed', async (t) => {
  const { folder, run } = await start(t);
  const rotated = await run(`trust rotate --key-to next.pem ${config}`);
  assert.equal(rotated.exitCode, 0, rotated.stderr);
  const file = join(folder, 'next.pem');
  assert.equal((await runtime.files.status(file))?.mode, 0o600);
  assert.match(await runtime.files.readText(file), /BEGIN PRIVATE KEY/);
  assert.equal((await run(`trust rotate --key-to next.pem ${config}`)).exitCode, 6);
  assert.equal((await run(`trust rotate --finish --key-to x.pem ${config}`)).exitCode, 2);
  const adopted = await run(`trust adopt next.pem --json ${config}`);
  const { adopted: fingerprint } = JSON.parse(adopted.stdout);
  const taken = join(folder, `data/m1/authority-${fingerprint.slice(0, 16)}.pem`);
  assert.equal((await runtime.files.status(taken))?.mode, 0o600);
  // A person's certificate is signed by the new one, and the token tells newcomers of the one that servers show.
  assert.equal((await run(`cert issue admin --identity again.pem ${config}`)).exitCode, 0);
  const { credentials } = await readIdentityFile(runtime.files, join(folder, 'again.pem'));
  assert.equal(credentials.authorityPems.length, 2);
  const issuer = issuerOf(credentials.certificatePem, credentials.authorityPems);
  assert.equal(fingerprintOf(issuer ?? ''), fingerprint);
  const founding = await readAuthorityFile(runtime, join(folder, 'data/m1/authority.pem'));
  const token = (await run(`pool token ${config}`)).stdout.trim();
  assert.equal(parseJoinToken(token).authorityFingerprint, fingerprintOf(founding.certificatePem));
  await writePlainAuthority(runtime.files, join(folder, 'foreign.pem'), (await TestPool.make()).authority);
  const foreign = await run(`trust adopt foreign.pem ${config}`);
  assert.match(foreign.stderr, /does not believe the authority/);
});
