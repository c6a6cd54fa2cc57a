import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkOf } from './network-of.ts';

test('one caller is an IPv4 address, or an IPv6 network of 64 bits, however it is written', () => {
  const cases: [string, string][] = [
    ['10.0.0.7', '10.0.0.7'],
    ['::ffff:10.0.0.7', '10.0.0.7'],
    ['2001:db8:0:1::7', '2001:db8:0:1'],
    ['2001:DB8::1:2:3:4:5', '2001:db8:0:1'],
    ['2001:0db8:0000:0001:a:b:c:d', '2001:db8:0:1'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
    ['unknown', 'unknown'],
  ];
  for (const [address, network] of cases) assert.equal(networkOf(address), network, address);
});
