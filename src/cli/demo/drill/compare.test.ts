import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from './compare.ts';

const sent = new Map([
  ['a', 'one'],
  ['b', 'two'],
]);
const all = [
  { id: 'a', text: 'one' },
  { id: 'b', text: 'two' },
];

test('all there, once', () => {
  const { servers, ...counts } = compare(sent, [
    { server: 's1', messages: all },
    { server: 's2', messages: all.toReversed() },
  ]);
  assert.deepEqual(counts, { sent: 2, stored: 2, lost: 0, doubled: 0 });
  assert.deepEqual(servers, [
    { name: 's1', stored: 2 },
    { name: 's2', stored: 2 },
  ]);
});

test('what one server lacks is lost, however many have it', () => {
  const { stored, lost } = compare(sent, [
    { server: 's1', messages: all },
    { server: 's2', messages: all.slice(1) },
  ]);
  assert.deepEqual({ stored, lost }, { stored: 1, lost: 1 });
});

test('the same ID or the same text again is doubled', () => {
  const again = (message: { id: string; text: string }): number =>
    compare(sent, [{ server: 's1', messages: [...all, message] }]).doubled;
  assert.equal(again({ id: 'a', text: 'one' }), 1);
  assert.equal(again({ id: 'c', text: 'one' }), 1);
  // Accepted by the agent although the sender never heard of it: neither lost nor doubled.
  assert.equal(again({ id: 'c', text: 'three' }), 0);
});

test('no server at all has lost everything', () => assert.equal(compare(sent, []).lost, 2));
