import assert from 'node:assert/strict';
import { test } from 'node:test';
import { denseHoursOf } from './totals.ts';

const halfAnHour = {
  scenario: 'whole',
  seed: 1,
  traceHash: '',
  events: 1,
  simulatedMs: 1_800_000,
  acknowledged: 2_500,
  faults: 15,
  fired: new Map<string, number>(),
};

test('dense hours: 5,000 messages and 30 faults an hour', () => {
  assert.equal(denseHoursOf(halfAnHour), 0.5);
  assert.equal(denseHoursOf({ ...halfAnHour, acknowledged: 2_499 }), 0);
  assert.equal(denseHoursOf({ ...halfAnHour, faults: 14 }), 0);
});
