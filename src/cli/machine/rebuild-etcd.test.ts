import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keys, type Holder } from '../../model/definitions.ts';
import { beginningFrom } from './rebuild-etcd.ts';

const us = '00000000-0000-4000-8000-000000000002';
const lost = '00000000-0000-4000-8000-000000000001';

test('an etcd made anew has one member, and epochs that the old one does not get to', () => {
  const holder: Holder = {
    role: 'acting',
    holder: lost,
    incarnation: 'x',
    epoch: 7,
    sinceMs: 1,
    because: 'first holder',
  };
  const member = { client: 'm1:2379', peer: 'm1:2380', name: 'm1-1' };
  const known = new Map([
    [keys.pool, '{}'],
    [keys.server(lost), '{}'],
    [keys.etcdMember(lost), JSON.stringify(member)],
    [keys.etcdStep, '{}'],
    [keys.holder('acting'), JSON.stringify(holder)],
  ]);
  const own = { client: 'm2:2379', peer: 'm2:2380', name: 'm2-2' };
  const beginning = beginningFrom(known, us, own);
  assert.deepEqual(
    [...beginning.keys()].toSorted(),
    [keys.pool, keys.server(lost), keys.etcdMember(us), keys.holder('acting')].toSorted(),
  );
  assert.deepEqual(JSON.parse(beginning.get(keys.etcdMember(us)) ?? ''), own);
  assert.equal((JSON.parse(beginning.get(keys.holder('acting')) ?? '') as Holder).epoch, 1_007);
});
