import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epochFaults, twoHolders, type HolderSample } from './holder-samples.ts';

const at = (server: string, sentMs: number, holds: boolean, tookMs = 5): HolderSample => ({
  server,
  sentMs,
  answeredMs: sentMs + tookMs,
  holds,
});

test('a role that moves in order has one holder at a time', () => {
  const samples = [
    at('a', 0, true),
    at('b', 1, false),
    at('a', 20, true),
    at('a', 40, false),
    at('b', 45, true),
  ];
  assert.deepEqual(twoHolders(samples), []);
});

test('a second holder within the time of the first is found', () => {
  const samples = [at('a', 0, true), at('b', 10, true), at('a', 30, true)];
  assert.equal(twoHolders(samples).length, 1);
});

test('a thawed holder that still believes is found, though its own time has a gap', () => {
  const samples = [
    at('a', 0, true),
    at('a', 20, false, 200),
    at('b', 100, true),
    at('a', 130, true),
    at('b', 150, true),
  ];
  assert.match(twoHolders(samples).join(), /a held it at 130 while b/);
});

test('an answer that was on its way while the role moved proves nothing', () => {
  assert.deepEqual(
    twoHolders([at('a', 0, true), at('b', 4, true), at('b', 20, true), at('a', 2, true, 10)]),
    [],
  );
});

test('epochs name one holder each and only rise', () => {
  const claim = (by: string, atMs: number, holder: string | null, epoch: number) => ({
    by,
    atMs,
    holder,
    epoch,
  });
  assert.deepEqual(epochFaults([claim('x', 1, 'a', 1), claim('y', 2, null, 1), claim('x', 3, 'b', 2)]), []);
  assert.match(epochFaults([claim('x', 1, 'a', 1), claim('y', 2, 'b', 1)]).join(), /two holders/);
  assert.match(
    epochFaults([claim('x', 1, 'a', 2), claim('x', 2, 'a', 1)]).join(),
    /went back from epoch 2 to 1/,
  );
});
