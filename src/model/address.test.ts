import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressText, isEveryAddress, parseAddress } from './address.ts';

test('addresses are read as written and written as read', () => {
  for (const text of ['127.0.0.1:7100', 'wk-1.example.org:0', '[::1]:65535', '[2001:db8::7]:7100']) {
    const address = parseAddress(text);
    assert.ok(address, text);
    assert.equal(addressText(address), text);
  }
  for (const bad of [
    '',
    ':80',
    'host',
    'host:',
    'host:65536',
    '::1:80',
    'ho st:80',
    'https://host:80',
    '[host]:80',
  ])
    assert.equal(parseAddress(bad), null, bad);
});

test('addresses of every interface are known', () => {
  for (const [host, every] of [
    ['0.0.0.0', true],
    ['::', true],
    ['10.0.0.0', false],
    ['::1', false],
  ] as const)
    assert.equal(isEveryAddress({ host, port: 1 }), every, host);
});
