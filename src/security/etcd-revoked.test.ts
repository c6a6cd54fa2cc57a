import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { nodeClock } from '../runtime/node/clock.ts';
import { signRevoked } from './certificate.ts';
import { etcdSerial } from './etcd-revoked.ts';
import { makeKeyPair } from './key-pair.ts';
import { TestPool } from './test-pool.ts';

test('a list of revoked certificates is what other tools take for one', async () => {
  const { authority } = await TestPool.make();
  const { keyPem } = makeKeyPair();
  const signer = { keyPem, certificatePem: authority.certificatePem };
  const serials = ['a', 'b'].map(etcdSerial);
  const nowMs = nodeClock.wallMs();
  const list = await signRevoked(serials, signer, nowMs);
  assert.match(list, /^-----BEGIN X509 CRL-----\n(?:[A-Za-z0-9+/=]{1,64}\n)+-----END X509 CRL-----\n$/);
  const read = (pem: string): string => {
    try {
      return execFileSync('openssl', ['crl', '-noout', '-text'], { input: pem, encoding: 'utf8' });
    } catch {
      return '';
    }
  };
  const text = read(list);
  if (text === '') return;
  for (const serial of serials) assert.ok(text.toLowerCase().includes(Buffer.from(serial).toString('hex')));
  assert.match(read(await signRevoked([], signer, nowMs)), /No Revoked Certificates/);
});

test('the serial number of an identity is always the same, positive, and its own', () => {
  assert.deepEqual(etcdSerial('a'), etcdSerial('a'));
  assert.notDeepEqual(etcdSerial('a'), etcdSerial('b'));
  for (const [first = 0] of Array.from({ length: 200 }, (_, at) => etcdSerial(String(at))))
    assert.ok(first >= 0x40 && first < 0x80);
});
