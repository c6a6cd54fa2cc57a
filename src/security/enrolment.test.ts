import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { MemoryStore, openMemory } from '../coordination/memory.ts';
import type { Coordination } from '../coordination/coordination.ts';
import type { JoinRequest } from '../model/api.ts';
import { keys } from '../model/definitions.ts';
import { codeOf } from '../model/errors.ts';
import { uuidV4 } from '../model/uuid.ts';
import { manualTime } from '../runtime/manual-time.ts';
import { nodeTimers } from '../runtime/node/clock.ts';
import { nodeRandom } from '../runtime/node/random.ts';
import { decideEnrolment, listEnrolRequests, setEnrolment } from './approval.ts';
import { certificateInfo, fingerprintOf } from './certificate-info.ts';
import { enrol, type EnrolmentOptions } from './enrolment.ts';
import { createJoinToken, parseJoinToken, printJoinToken, type NewJoinToken } from './join-token.ts';
import { makeKeyPair } from './key-pair.ts';
import { makeProof } from './proof.ts';
import { TestPool } from './test-pool.ts';

const hourMs = 3_600_000;
const bootId = 'boot-1';

async function makeHouse() {
  const pool = await TestPool.make();
  const time = manualTime();
  const coordination: Coordination = openMemory(new MemoryStore(100), nodeTimers);
  const options: EnrolmentOptions = {
    coordination,
    clock: time.clock,
    random: nodeRandom,
    authority: pool.authority,
    forServer: pool.authority,
    pool: {
      id: pool.id,
      name: 'p',
      createdMs: 0,
      authorities: [pool.authority.certificatePem],
      lineage: uuidV4(nodeRandom.bytes(16)),
    },
    servers: ['https://virtual:1', 'https://a:1'],
    address: '10.0.0.9',
    coordinationUrl: 'file:///data/coordinator',
    onlyBootId: bootId,
  };
  const token = (draft: Partial<NewJoinToken> = {}): Promise<string> =>
    createJoinToken(options, {
      pool: pool.id,
      authorityFingerprint: fingerprintOf(pool.authority.certificatePem),
      for: 'agent',
      name: null,
      validMs: hourMs,
      ...draft,
    });
  return { pool, time, options, token };
}

function ask(token: string, odd: Partial<JoinRequest> = {}): JoinRequest {
  const keyPair = makeKeyPair();
  const coreId = uuidV4(nodeRandom.bytes(16));
  const base = { token, kind: 'agent' as const, name: 'web-1', coreId, publicKeyPem: keyPair.publicKeyPem };
  const request = { ...base, ...odd };
  return { proof: makeProof(keyPair.keyPem, request), ...request };
}

test('a token and a key become a certificate and a definition', async () => {
  const { pool, options, token } = await makeHouse();
  const request = ask(await token());
  const answer = await enrol(request, options);
  const identity = { pool: pool.id, kind: 'agent' as const, coreId: request.coreId };
  assert.deepEqual(certificateInfo(answer.certificatePem).identity, identity);
  assert.deepEqual(answer.servers, ['https://virtual:1', 'https://a:1']);
  assert.equal(answer.authorityKeyPem, undefined);
  const node = await options.coordination.get(keys.node(request.coreId));
  assert.deepEqual(JSON.parse(node?.value ?? ''), {
    coreId: request.coreId,
    name: 'web-1',
    joinedMs: options.clock.wallMs(),
  });
});

test('a server gets what it needs to be one, on this machine only', async () => {
  const { options, token } = await makeHouse();
  const server = { kind: 'server' as const, name: 'b', url: 'https://127.0.0.1:7', bootId };
  const answer = await enrol(ask(await token({ for: 'server' }), server), options);
  assert.equal(answer.authorityKeyPem, options.authority.keyPem);
  assert.equal(answer.coordination, 'file:///data/coordinator');
  const elsewhere = ask(await token({ for: 'server' }), { ...server, name: 'c', bootId: 'boot-2' });
  await assert.rejects(enrol(elsewhere, options), { code: 'WK_ELSEWHERE' });
  for (const url of [undefined, 'http://x:1', 'https://', 'https://x:99999', 'x']) {
    const { url: _url, ...rest } = server;
    const request = ask(await token({ for: 'server' }), url === undefined ? rest : { ...rest, url });
    await assert.rejects(enrol(request, options), { code: 'WK_BAD_REQUEST' }, String(url));
  }
});

test('a token serves once; a repeat by the same key is answered again, until it expires or is removed', async () => {
  const { options, token, time } = await makeHouse();
  const text = await token();
  const request = ask(text);
  const first = await enrol(request, options);
  const again = await enrol(request, options);
  assert.deepEqual(
    certificateInfo(again.certificatePem).identity,
    certificateInfo(first.certificatePem).identity,
  );
  await assert.rejects(enrol(ask(text, { name: 'web-2' }), options), { code: 'WK_TOKEN_USED' });
  await assert.rejects(enrol(ask(text, { coreId: request.coreId }), options), { code: 'WK_TOKEN_USED' });
  await options.coordination.transact({
    conditions: [],
    writes: [{ key: keys.node(request.coreId), value: null }],
  });
  await assert.rejects(enrol(request, options), { code: 'WK_TOKEN_USED', message: /removed/ });
  time.advance(hourMs);
  await assert.rejects(enrol(request, options), { code: 'WK_TOKEN_EXPIRED' });
});

test('of two who use one token at once exactly one joins', async () => {
  const { options, token } = await makeHouse();
  const text = await token();
  const results = await Promise.allSettled(
    ['a', 'b', 'c'].map((name) => enrol(ask(text, { name }), options)),
  );
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
  for (const result of results)
    if (result.status === 'rejected') assert.equal(codeOf(result.reason), 'WK_TOKEN_USED');
});

test('of two who join at once under one name exactly one does', async () => {
  const { options, token } = await makeHouse();
  const tokens = [await token(), await token()];
  const results = await Promise.allSettled(tokens.map((text) => enrol(ask(text), options)));
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
  const refused = results.find((result) => result.status === 'rejected');
  assert.equal(codeOf(refused?.reason), 'WK_CONFLICT');
});

test('names and core IDs that are taken are refused in plain words, and the token stays good', async () => {
  const { options, token } = await makeHouse();
  const request = ask(await token());
  await enrol(request, options);
  const text = await token();
  await assert.rejects(enrol(ask(text), options), { code: 'WK_CONFLICT', message: /the name web-1 belongs/ });
  const sameId = ask(text, { name: 'web-2', coreId: request.coreId });
  await assert.rejects(enrol(sameId, options), { code: 'WK_CONFLICT', message: /core ID/ });
  await enrol(ask(text, { name: 'web-2' }), options);
});

test('tokens that are wrong are each refused by their own name', async () => {
  const { pool, options, token, time } = await makeHouse();
  const stranger = await makeHouse();
  const cases: [string, JoinRequest][] = [
    ['WK_TOKEN_FOREIGN', ask(await stranger.token())],
    ['WK_TOKEN_UNKNOWN', ask(printJoinToken({ ...parseJoinToken(await stranger.token()), pool: pool.id }))],
    ['WK_DENIED', ask(await token({ for: 'server' }))],
    ['WK_DENIED', ask(await token({ name: 'db-1' }))],
    ['WK_BAD_REQUEST', ask('wkt1.nonsense')],
    ['WK_BAD_REQUEST', ask(await token(), { name: 'no\nname' })],
    ['WK_BAD_REQUEST', ask(await token(), { coreId: uuidV4(nodeRandom.bytes(16)).toUpperCase() })],
    ['WK_UNAUTHENTICATED', ask(await token(), { publicKeyPem: makeKeyPair().publicKeyPem })],
    ['WK_UNAUTHENTICATED', ask(await token(), { publicKeyPem: 'no key' })],
    ['WK_UNAUTHENTICATED', { ...ask(await token()), name: 'changed' }],
    ['WK_UNAUTHENTICATED', ask(await token(), { proof: '' })],
  ];
  for (const [code, request] of cases) await assert.rejects(enrol(request, options), { code });
  const late = ask(await token());
  time.advance(hourMs);
  await assert.rejects(enrol(late, options), { code: 'WK_TOKEN_EXPIRED' });
  assert.deepEqual((await options.coordination.list(keys.nodes)).items, []);
});

test('the coordinator holds no secret of a token', async () => {
  const { options, token } = await makeHouse();
  const text = await token();
  const { items } = await options.coordination.list('');
  const { secret } = parseJoinToken(text);
  for (const item of items) assert.ok(!`${item.key} ${item.value}`.includes(secret));
});

test("a witness gets a certificate for etcd, and neither the authority's key nor a server's rights", async () => {
  const { pool, options, token } = await makeHouse();
  const managed = { ...options, coordinationUrl: 'managed:192.0.2.1:2379' };
  const as = { kind: 'witness' as const, name: 'w1', hosts: ['192.0.2.3'] };
  const request = ask(await token({ for: 'witness' }), as);
  const answer = await enrol(request, managed);
  assert.deepEqual([answer.authorityKeyPem, answer.coordination], [undefined, 'managed:192.0.2.1:2379']);
  const { subjectAltName = '' } = new X509Certificate(answer.certificatePem);
  assert.match(
    subjectAltName,
    new RegExp(`/witness/${request.coreId}, DNS:etcd.${pool.id}, IP Address:192.0.2.3$`),
  );
  assert.ok(await options.coordination.get(keys.witness(request.coreId)));

  // Where the pool runs no etcd of its own, and where nobody could reach it.
  const other = ask(await token({ for: 'witness' }), as);
  await assert.rejects(enrol(other, options), { code: 'WK_BAD_REQUEST' });
  const { hosts: _, ...nowhere } = as;
  await assert.rejects(enrol(ask(other.token, nowhere), managed), { code: 'WK_BAD_REQUEST' });
});

test('where a person has to approve, nobody is enrolled before, and then exactly the key that was approved', async () => {
  const { options, token } = await makeHouse();
  const { coordination } = options;
  await setEnrolment(coordination, { approval: 'required' });
  const request = ask(await token());
  await assert.rejects(enrol(request, options), {
    code: 'WK_PENDING',
    message: /web-1 waits .* enrol approve/,
  });
  await assert.rejects(enrol(request, options), { code: 'WK_PENDING' });
  assert.equal(await coordination.get(keys.node(request.coreId)), null);
  const [waiting, ...more] = await listEnrolRequests(coordination);
  assert.deepEqual(more, []);
  assert.deepEqual([waiting?.name, waiting?.address, waiting?.state], ['web-1', '10.0.0.9', 'waiting']);
  // The token is used, by this key: neither another key nor another machine comes in by it.
  const thief = ask(request.token, { coreId: request.coreId });
  await assert.rejects(enrol(thief, options), { code: 'WK_TOKEN_USED' });
  await decideEnrolment(coordination, 'web-1', 'approved', 'admin');
  await assert.rejects(enrol(thief, options), { code: 'WK_TOKEN_USED' });
  const answer = await enrol(request, options);
  assert.equal(certificateInfo(answer.certificatePem).identity?.coreId, request.coreId);
  assert.deepEqual(await listEnrolRequests(coordination), []);
  await enrol(request, options);
});

test('who was denied stays out; who waits comes in when approval is not wanted any more', async () => {
  const { options, token } = await makeHouse();
  const { coordination } = options;
  await setEnrolment(coordination, { approval: 'required' });
  const [denied, patient] = [ask(await token()), ask(await token(), { name: 'web-2' })];
  for (const request of [denied, patient])
    await assert.rejects(enrol(request, options), { code: 'WK_PENDING' });
  await decideEnrolment(coordination, denied.coreId, 'denied', 'admin');
  await assert.rejects(enrol(denied, options), { code: 'WK_DENIED', message: /admin has said no/ });
  await assert.rejects(decideEnrolment(coordination, 'nobody', 'approved', 'admin'), {
    code: 'WK_NOT_FOUND',
  });
  await setEnrolment(coordination, { approval: 'none' });
  await enrol(patient, options);
  assert.notEqual(await coordination.get(keys.node(patient.coreId)), null);
});
