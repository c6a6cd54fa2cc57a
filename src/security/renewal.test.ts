import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore, openMemory } from '../coordination/memory.ts';
import { keys } from '../model/definitions.ts';
import { codeOf } from '../model/errors.ts';
import type { Identity, IdentityKind } from '../model/identity.ts';
import { certificateRecordSchema, revocationSchema, type RenewRequest } from '../model/trust.ts';
import { manualTime } from '../runtime/manual-time.ts';
import { nodeTimers } from '../runtime/node/clock.ts';
import { nodeRandom } from '../runtime/node/random.ts';
import type { Credentials } from '../runtime/network.ts';
import { whyRefused } from './admission.ts';
import { certificateInfo } from './certificate-info.ts';
import { makeKeyPair, type KeyPair } from './key-pair.ts';
import { makeRenewal } from './proof.ts';
import { renew, type RenewalOptions } from './renewal.ts';
import { revoke } from './revoke.ts';
import { TestPool } from './test-pool.ts';

const dayMs = 86_400_000;
const pool = await TestPool.make();
const stranger = await TestPool.make();

async function makeHouse(kind: IdentityKind = 'agent') {
  const time = manualTime();
  const coordination = openMemory(new MemoryStore(100), nodeTimers);
  const options: RenewalOptions = {
    coordination,
    clock: time.clock,
    random: nodeRandom,
    authority: pool.authority,
    pool: pool.id,
    authorityPems: [pool.authority.certificatePem],
    by: 'server m1',
  };
  const identity = pool.identity(kind);
  const prefix = { agent: keys.nodes, server: keys.servers, user: keys.users }[kind as 'agent'] ?? '';
  const define = (value: string | null) =>
    coordination.transact({ conditions: [], writes: [{ key: prefix + identity.coreId, value }] });
  await define('{}');
  const credentials = await pool.credentials(identity, time.clock.wallMs(), 'web-1');
  const record = async () =>
    certificateRecordSchema.parse(
      JSON.parse((await coordination.get(keys.certificate(identity.coreId)))?.value ?? ''),
    );
  return { time, options, identity, credentials, define, record };
}

async function renewed(
  from: Credentials,
  options: RenewalOptions,
  next = makeKeyPair(),
): Promise<Credentials> {
  return { ...(await renew(makeRenewal(from, next), options)), keyPem: next.keyPem };
}

test('a certificate becomes a new one for a new key, with the same name, and is written down', async () => {
  const { time, options, credentials, identity, record } = await makeHouse();
  time.advance(4 * dayMs);
  const next = await renewed(credentials, options);
  const info = certificateInfo(next.certificatePem);
  assert.deepEqual(info.identity, identity);
  assert.equal(info.commonName, 'web-1');
  assert.ok(Math.abs(info.notAfterMs - time.clock.wallMs() - 7 * dayMs) <= 1_000);
  const { keySha256, previous, renewals, notAfterMs } = await record();
  assert.equal(keySha256, info.keySha256);
  assert.equal(notAfterMs, info.notAfterMs);
  assert.equal(previous?.keySha256, certificateInfo(credentials.certificatePem).keySha256);
  assert.equal(renewals, 1);
});

test('a server keeps the hosts that its certificate names', async () => {
  const { options, identity } = await makeHouse('server');
  const odd = await pool.oddCredentials({
    uris: [`watchkeeper://${pool.id}/server/${identity.coreId}`],
    dnsNames: ['wk1.example'],
    ipAddresses: ['10.0.0.7', 'fd00::7'],
    notAfterMs: options.clock.wallMs() + dayMs,
  });
  const { certificatePem } = await renewed(odd, options);
  assert.deepEqual(certificateInfo(certificatePem).hosts, ['wk1.example', '10.0.0.7', 'FD00:0:0:0:0:0:0:7']);
});

test('an expired certificate can be renewed for 90 days, and no longer', async () => {
  const { time, options, credentials } = await makeHouse();
  time.advance(7 * dayMs + 90 * dayMs - 5_000);
  await renewed(credentials, options);
  const late = await makeHouse();
  late.time.advance(97 * dayMs + 5_000);
  await assert.rejects(renewed(late.credentials, late.options), { code: 'WK_DENIED', message: /join anew/ });
});

test('who was removed, or revoked, or is of another pool gets nothing', async () => {
  const removed = await makeHouse();
  await removed.define(null);
  await assert.rejects(renewed(removed.credentials, removed.options), {
    code: 'WK_DENIED',
    message: /not enrolled/,
  });
  const revoked = await makeHouse();
  const { identity, options } = revoked;
  await revoke(options, { identity, name: 'web-1', by: 'admin', because: 'stolen' });
  await assert.rejects(renewed(revoked.credentials, options), { code: 'WK_REVOKED', message: /stolen/ });
  const foreign: [Identity, TestPool][] = [
    [{ ...identity, pool: stranger.id }, pool],
    [identity, stranger],
  ];
  for (const [who, signer] of foreign) {
    const { keyPem, certificatePem } = await signer.credentials(who, options.clock.wallMs());
    const own = { keyPem, certificatePem, authorityPems: [pool.authority.certificatePem] };
    await assert.rejects(renewed(own, options), { code: 'WK_UNAUTHENTICATED' });
  }
});

test('both keys must have signed the request, and what they signed may not be changed', async () => {
  const { options, credentials, identity } = await makeHouse();
  const next = makeKeyPair();
  const request = makeRenewal(credentials, next);
  const other = await pool.credentials(identity, options.clock.wallMs());
  const wrong: Partial<RenewRequest>[] = [
    { proof: request.newProof },
    { newProof: request.proof },
    { proof: '' },
    { publicKeyPem: makeKeyPair().publicKeyPem },
    { publicKeyPem: 'no key' },
    { certificatePem: other.certificatePem },
  ];
  for (const change of wrong)
    await assert.rejects(renew({ ...request, ...change }, options), { code: 'WK_UNAUTHENTICATED' });
  await assert.rejects(renew({ ...request, certificatePem: 'none' }, options), { code: 'WK_BAD_REQUEST' });
});

test('an answer that was lost can be had again with the same new key', async () => {
  const { options, credentials, record } = await makeHouse();
  const next = makeKeyPair();
  await renewed(credentials, options, next);
  const again = await renewed(credentials, options, next);
  assert.equal(certificateInfo(again.certificatePem).keySha256, (await record()).keySha256);
  assert.equal((await record()).renewals, 1);
  await renewed(again, options);
  assert.equal((await record()).renewals, 2);
});

test('a key that was exchanged and asks again is in two hands: the agent is revoked, a user only told', async () => {
  const { options, credentials, identity } = await makeHouse();
  await renewed(credentials, options);
  await assert.rejects(renewed(credentials, options), { code: 'WK_REVOKED', message: /used again/ });
  const item = await options.coordination.get(keys.revocation(identity.coreId));
  const { name, by } = revocationSchema.parse(JSON.parse(item?.value ?? ''));
  assert.deepEqual([name, by], ['web-1', 'server m1']);
  const user = await makeHouse('user');
  await renewed(user.credentials, user.options);
  await assert.rejects(renewed(user.credentials, user.options), {
    code: 'WK_DENIED',
    message: /another copy/,
  });
  assert.equal(await user.options.coordination.get(keys.revocation(user.identity.coreId)), null);
});

test('a server that was put back to an old state renews itself all the same', async () => {
  const { options, credentials } = await makeHouse('server');
  await renewed(credentials, options);
  await renewed(credentials, { ...options, isOwn: true });
});

test('of a renewal and a revocation at the same time no certificate outlives the revocation', async () => {
  const { options, credentials, identity } = await makeHouse();
  const next: KeyPair = makeKeyPair();
  const [outcome] = await Promise.all([
    renew(makeRenewal(credentials, next), options).then(() => 'renewed', codeOf),
    revoke(options, { identity, name: 'web-1', by: 'admin', because: 'stolen' }),
  ]);
  assert.ok(['renewed', 'WK_REVOKED'].includes(outcome));
  await assert.rejects(renewed(credentials, options, next), { code: 'WK_REVOKED' });
});

test('the certificate before the last one connects for an hour more, a younger one than is known always', async () => {
  const { time, options, credentials, identity, record } = await makeHouse();
  const certificate = certificateInfo(credentials.certificatePem);
  time.advance(dayMs);
  const next = certificateInfo((await renewed(credentials, options)).certificatePem);
  const known = await record();
  const why = (of: typeof certificate, remembered = known) =>
    whyRefused(identity, of, { revocation: () => null, record: () => remembered }, time.clock.wallMs());
  assert.equal(why(next), null);
  assert.equal(why(certificate), null);
  time.advance(3_600_000);
  assert.match(why(certificate)?.message ?? '', /newer certificate/);
  assert.equal(why(next), null);
  const old = {
    ...known,
    keySha256: certificate.keySha256,
    notAfterMs: certificate.notAfterMs,
    previous: null,
  };
  assert.equal(why(next, old), null);
});
