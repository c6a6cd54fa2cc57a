import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  changedInterfaces,
  interfacesRequestSchema,
  publishedUrls,
  unheardAddresses,
} from './published-addresses.ts';

const url = 'https://10.0.0.1:7100';

test('a server publishes its own URL unless addresses are set, and + adds and - takes away', () => {
  assert.deepEqual(publishedUrls({ url }), [url]);
  assert.deepEqual(publishedUrls({ url, interfaces: ['10.0.1.1', 'fd00::1'] }), [
    'https://10.0.1.1:7100',
    'https://[fd00::1]:7100',
  ]);
  assert.deepEqual(publishedUrls({ url, interfaces: ['+fd00::1'] }), [url, 'https://[fd00::1]:7100']);
  assert.deepEqual(publishedUrls({ url, interfaces: ['+fd00::1', '-10.0.0.1'] }), ['https://[fd00::1]:7100']);
  assert.deepEqual(publishedUrls({ url, interfaces: ['+10.0.0.1'] }), [url]);
  assert.deepEqual(publishedUrls({ url: 'https://m1.example.net:7100', interfaces: ['+10.0.0.9'] }), [
    'https://m1.example.net:7100',
    'https://10.0.0.9:7100',
  ]);
});

test('an address is heard where the server listens to it or to all', () => {
  const server = { url, interfaces: ['+10.0.0.2', '+fd00::1', '-10.0.0.3'] };
  assert.deepEqual(unheardAddresses({ host: '0.0.0.0', port: 7_100 }, server), []);
  assert.deepEqual(unheardAddresses({ host: '10.0.0.2', port: 7_100 }, server), ['fd00::1']);
  assert.deepEqual(unheardAddresses({ host: 'm1.example.net', port: 7_100 }, { url }), []);
});

test('requests: an address is written the one way, and what is no address is refused', () => {
  const parsed = interfacesRequestSchema.parse({ kind: 'add', addresses: ['[FD00:0::1]', '10.0.0.1'] });
  assert.deepEqual(parsed, { kind: 'add', addresses: ['fd00::1', '10.0.0.1'] });
  for (const address of ['m1.example.net', '10.0.0', '10.0.0.256', '', '10.0.0.1:7100'])
    assert.equal(interfacesRequestSchema.safeParse({ kind: 'set', addresses: [address] }).success, false);
});

test('whatever was asked for before, what was added is published and what was removed is not', () => {
  const address = fc.constantFrom('10.0.0.1', '10.0.0.2', 'fd00::1', 'fd00::2');
  const request = fc.record({
    kind: fc.constantFrom('set', 'add', 'remove', 'reset'),
    addresses: fc.uniqueArray(address, { minLength: 1 }),
  });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 12 }), (requests) => {
      let interfaces: string[] = [];
      for (const { kind, addresses } of requests) {
        interfaces = changedInterfaces(
          { url, interfaces },
          kind === 'reset' ? { kind } : { kind, addresses },
        );
        const hosts = publishedUrls({ url, interfaces }).map((one) =>
          new URL(one).hostname.replaceAll(/[[\]]/g, ''),
        );
        if (kind === 'reset') assert.deepEqual(hosts, ['10.0.0.1']);
        if (kind === 'set') assert.deepEqual(hosts, addresses);
        for (const one of addresses) {
          if (kind === 'add') assert.ok(hosts.includes(one), `${interfaces.join()} lacks ${one}`);
          if (kind === 'remove') assert.ok(!hosts.includes(one), `${interfaces.join()} has ${one}`);
        }
        assert.ok(interfaces.length <= 8, 'the list does not grow with every change');
      }
    }),
  );
});
