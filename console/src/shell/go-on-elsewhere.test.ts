import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PoolStatus } from '../../../src/model/api.ts';
import { goesOnAt, handedOver, othersOf } from './go-on-elsewhere.ts';

const here = new URL('https://wk1:7100/messages?severity=major');
const member = (name: string, healthy: boolean): PoolStatus['members'][number] => ({
  coreId: name,
  name,
  url: `https://${name}:7100`,
  addresses: [],
  rank: 1,
  duty: null,
  state: 'passive',
  healthy,
  because: '',
  sinceMs: null,
  lastHeartbeatMs: null,
  version: null,
  lagEntries: null,
  positions: null,
});
const role = (name: string): PoolStatus['roles'][number] => ({
  role: name,
  holder: null,
  holderName: null,
  epoch: 1,
  sinceMs: 0,
  because: 'first holder',
  address: null,
});
const members = [member('wk1', true), member('wk2', false), member('wk3', true)];

test('the same page on the others, who was well first', () => {
  assert.deepEqual(
    othersOf({ members }, here).map(({ href }) => href),
    ['https://wk3:7100/messages?severity=major', 'https://wk2:7100/messages?severity=major'],
  );
});

test('it goes on by itself only where no virtual interface comes back, to one that was well', () => {
  assert.equal(goesOnAt({ members, roles: [role('acting')] }, here)?.name, 'wk3');
  assert.equal(goesOnAt({ members, roles: [role('acting'), role('virtual-interface/main')] }, here), null);
  assert.equal(goesOnAt({ members: members.slice(0, 2), roles: [] }, here), null);
  assert.equal(goesOnAt(null, here), null);
});

test('what is handed over stands behind # only', () => {
  const there = new URL(handedOver('https://wk3:7100/messages?a=1', 'wka1.secret', ['x', 'y']));
  assert.equal(there.search, '?a=1');
  assert.equal(there.hash, '#token=wka1.secret&selected=x%2Cy');
  assert.equal(handedOver('https://wk3:7100/', null, []), 'https://wk3:7100/');
});
