import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VotingMember } from '../etcd/member-list.ts';
import { foundingMember, joiningMember, ownStep } from './local-member.ts';

const place = { client: '192.0.2.2:2379', peer: '192.0.2.2:2380' };
const here = 'https://192.0.2.2:2380';
const voter: VotingMember = {
  id: 1n,
  name: 'm1-1',
  peerUrl: 'https://192.0.2.1:2380',
  clientUrl: 'https://192.0.2.1:2379',
  isLearner: false,
};
const added: VotingMember = { id: 255n, name: '', peerUrl: here, clientUrl: null, isLearner: true };

test('who was taken in begins with what all of them are, once', () => {
  const local = joiningMember('m2-1', added, [voter, added], 'token');
  assert.deepEqual(local, {
    name: 'm2-1',
    id: 'ff',
    begin: { state: 'existing', cluster: `m1-1=https://192.0.2.1:2380,m2-1=${here}`, token: 'token' },
  });
  assert.deepEqual(ownStep(null, [voter, added], place), { kind: 'begin', added });
  assert.deepEqual(ownStep(local, [voter, added], place), { kind: 'run', state: 'joining' });
  const started = { ...added, name: 'm2-1' };
  assert.deepEqual(ownStep(local, [voter, started], place), { kind: 'run', state: 'learner' });
  const promoted = { ...started, isLearner: false };
  assert.deepEqual(ownStep(local, [voter, promoted], place), { kind: 'run', state: 'voter' });
});

test('who was taken out gives up its data, and who was taken in anew begins anew', () => {
  const local = joiningMember('m2-1', added, [voter, added], 'token');
  assert.deepEqual(ownStep(local, [voter], place), { kind: 'give up' });
  assert.deepEqual(ownStep(null, [voter], place), { kind: 'offer' });
  const again = { ...added, id: 256n };
  assert.deepEqual(ownStep(local, [voter, again], place), { kind: 'begin', added: again });
});

test('a member of our place under another name is not ours: its data are gone', () => {
  const started = { ...added, name: 'm2-0' };
  assert.deepEqual(ownStep(null, [voter, started], place), { kind: 'offer' });
});

test('the founder of an etcd runs on as the voter that it is', () => {
  const local = foundingMember('m1-1', { client: '', peer: '192.0.2.1:2380' }, 'token');
  assert.equal(local.begin.cluster, 'm1-1=https://192.0.2.1:2380');
  assert.deepEqual(ownStep(local, [voter], place), { kind: 'run', state: 'voter' });
});
