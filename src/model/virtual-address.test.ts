import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseVirtualAddress, prefixed } from './virtual-address.ts';

test('an address is read in every usual way of writing it and kept as the kernel prints it', () => {
  for (const [text, wanted] of [
    ['10.0.0.50', '10.0.0.50/32'],
    ['10.0.0.50/32', '10.0.0.50/32'],
    ['FD00:0:0::50', 'fd00::50/128'],
    ['2001:db8:0:0:0:0:0:1/128', '2001:db8::1/128'],
  ] as const) {
    const found = parseVirtualAddress(text);
    assert.ok(!('problem' in found), text);
    assert.equal(prefixed(found), wanted);
  }
});

test('what cannot move between hosts is refused with its reason', () => {
  for (const [text, why] of [
    ['10.0.0.50/24', /\/32/],
    ['fd00::50/64', /\/128/],
    ['10.0.0.256', /must be an IPv4 or IPv6/],
    ['10.0.0', /must be an IPv4 or IPv6/],
    ['010.0.0.1', /must be an IPv4 or IPv6/],
    ['fd00:::1', /must be an IPv4 or IPv6/],
    ['host.example', /must be an IPv4 or IPv6/],
    ['10.0.0.50/32/1', /must be an IPv4 or IPv6/],
    ['127.0.0.1', /cannot be/],
    ['224.0.0.1', /cannot be/],
    ['255.255.255.255', /cannot be/],
    ['0.0.0.0', /cannot be/],
    ['::1', /cannot be/],
    ['::', /cannot be/],
    ['fe80::1', /cannot be/],
    ['ff02::1', /cannot be/],
  ] as const) {
    const found = parseVirtualAddress(text);
    assert.ok('problem' in found, text);
    assert.match(found.problem, why);
  }
});
