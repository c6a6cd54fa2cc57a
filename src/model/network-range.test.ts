import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInNetwork, parseNetwork } from './network-range.ts';

function fits(network: string, address: string): boolean {
  const range = parseNetwork(network);
  assert.ok(range, network);
  return isInNetwork(range, address);
}

test('an address is in a network when it begins with its bits', () => {
  assert.ok(fits('10.1.0.0/16', '10.1.255.3'));
  assert.ok(!fits('10.1.0.0/16', '10.2.0.1'));
  assert.ok(fits('10.1.2.3', '10.1.2.3'));
  assert.ok(!fits('10.1.2.3', '10.1.2.4'));
  assert.ok(fits('0.0.0.0/0', '192.0.2.1'));
  assert.ok(!fits('0.0.0.0/0', 'fd00::1'));
  assert.ok(fits('10.1.0.0/17', '::ffff:10.1.127.1'));
  assert.ok(!fits('10.1.0.0/17', '10.1.128.1'));
  assert.ok(fits('fd00:7::/32', 'fd00:7:0:1::9'));
  assert.ok(!fits('fd00:7::/32', 'fd00:8::9'));
  assert.ok(fits('fe80::/10', 'fe80::1%eth0'));
  assert.ok(!fits('10.0.0.0/8', 'web01'));
});

test('what is no network is none', () => {
  for (const text of [
    '',
    'web',
    '10.1.0.0/33',
    '10.1.0.0/x',
    '10.1.0.0/8/8',
    'fd00::/129',
    '1.2.3',
    '10.1.0.0/',
  ])
    assert.equal(parseNetwork(text), null, text);
});
