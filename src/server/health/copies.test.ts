import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualTime } from '../../runtime/manual-time.ts';
import { Copies } from './copies.ts';

function setUp(listed: number) {
  const time = manualTime();
  const copies = new Copies({ clock: time.clock, timers: time.timers, listed: () => listed });
  const said: string[] = [];
  const wait = (seq: number) => copies.wait({ seq, copies: (count) => said.push(`${seq}:${count}`) });
  return { time, copies, said, wait };
}

test('two copies are said when another member has stored the entry', () => {
  const { copies, said, wait } = setUp(3);
  copies.memberStored('b', 0);
  wait(1);
  wait(2);
  copies.memberStored('b', 1);
  assert.deepEqual(said, ['1:2']);
  copies.memberStored('c', 2);
  assert.deepEqual(said, ['1:2', '2:2']);
  assert.equal(copies.atRisk.is, false);
});

test('after 1 s one copy is said, the pool is at risk, and two is said later', () => {
  const { time, copies, said, wait } = setUp(2);
  copies.memberStored('b', 0);
  wait(1);
  time.advance(999);
  assert.deepEqual(said, []);
  time.advance(1);
  assert.deepEqual(said, ['1:1']);
  assert.equal(copies.atRisk.is, true);
  wait(2);
  assert.deepEqual(said, ['1:1', '2:1'], 'while at risk nobody waits');
  copies.memberStored('b', 2);
  assert.deepEqual(said, ['1:1', '2:1', '1:2', '2:2']);
  assert.equal(copies.atRisk.is, false);
});

test('with no other member connected one copy is said at once', () => {
  const { said, wait } = setUp(2);
  wait(1);
  assert.deepEqual(said, ['1:1']);
});

test('a pool of one server wants one copy and is not at risk', () => {
  const { copies, said, wait } = setUp(1);
  wait(1);
  assert.deepEqual([said, copies.wanted, copies.atRisk.is], [['1:1'], 1, false]);
});

test('a cancelled waiter hears nothing and does not keep the pool at risk', () => {
  const { time, copies, said, wait } = setUp(2);
  copies.memberStored('b', 0);
  const handle = wait(1);
  time.advance(1_000);
  handle.cancel();
  copies.memberStored('b', 0);
  assert.equal(copies.atRisk.is, false);
  copies.memberStored('b', 1);
  assert.deepEqual(said, ['1:1']);
});

test('the oldest of too many waiters are told that they will hear no more', () => {
  const time = manualTime();
  const copies = new Copies({ clock: time.clock, timers: time.timers, listed: () => 2, laterMax: 2 });
  const told: string[] = [];
  for (const seq of [1, 2, 3, 4])
    copies.wait({
      seq,
      copies: (count) => told.push(`${seq}:${count}`),
      forgotten: () => told.push(`${seq} forgotten`),
    });
  assert.deepEqual(told.slice(3), ['1 forgotten', '4:1', '2 forgotten']);
  copies.memberStored('b', 4);
  assert.deepEqual(told.slice(6), ['3:2', '4:2']);
});

test('once the pool has one server only, those who wait for a second copy have all that is wanted', () => {
  const time = manualTime();
  let listed = 2;
  const copies = new Copies({ clock: time.clock, timers: time.timers, listed: () => listed });
  const said: string[] = [];
  copies.wait({ seq: 1, copies: (count) => said.push(`1:${count}`) });
  listed = 1;
  copies.memberStored('b', null);
  assert.deepEqual(said, ['1:1', '1:1']);
});
