import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, percentile } from './statistics.ts';

test('percentiles are values that were measured', () => {
  const values = [5, 1, 4, 2, 3];
  assert.equal(median(values), 3);
  assert.equal(percentile(values, 99), 5);
  assert.equal(percentile(values, 1), 1);
  assert.equal(median([1, 2]), 1);
  assert.ok(Number.isNaN(median([])));
});
