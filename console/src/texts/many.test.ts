import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figure, many } from './many.ts';

test('thousands are set apart', () => {
  for (const number of [0, 7, 999, 1_000, 12_345, 999_999, 1_000_000, 1_234_567_890])
    assert.equal(figure(number), number.toLocaleString('en'));
});

test('one of it, or more', () => {
  assert.equal(many(1, 'node'), '1 node');
  assert.equal(many(2_000, 'policy', 'policies'), '2,000 policies');
});
