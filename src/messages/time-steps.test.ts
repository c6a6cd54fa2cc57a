import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeSteps, stepMs } from './time-steps.ts';

const day = 24 * 12;
const arrivals = (steps: TimeSteps, step: number, place?: string): number =>
  steps
    .at(step, place === undefined ? null : (one) => one === place)
    .arrived.reduce((sum, one) => sum + one, 0);

test('a day is kept; what is older is neither added nor taken away', () => {
  const steps = new TimeSteps();
  steps.add('arrived', 'a', 10 * stepMs, 0, 1);
  steps.add('arrived', 'a', (10 + day) * stepMs, 0, 1);
  assert.equal(arrivals(steps, 10), 1);
  steps.add('arrived', 'a', (11 + day) * stepMs, 0, 1);
  assert.equal(arrivals(steps, 10), 0);
  steps.add('arrived', 'a', 10 * stepMs, 0, -1);
  assert.equal(arrivals(steps, 10), 0);
  assert.equal(arrivals(steps, 11 + day, 'a'), 1);
});

test('beyond the cap the oldest step forgets its places, not how many there were', () => {
  const steps = new TimeSteps(3);
  for (const [step, place] of [
    [1, 'a'],
    [1, 'b'],
    [2, 'a'],
    [2, 'b'],
  ] as const)
    steps.add('arrived', place, step * stepMs, 2, 1);
  assert.equal(steps.placesSince, 2);
  assert.equal(arrivals(steps, 1), 2);
  assert.equal(arrivals(steps, 1, 'a'), 0);
  assert.equal(arrivals(steps, 2, 'a'), 1);
  steps.add('arrived', 'a', stepMs, 2, 1);
  assert.equal(arrivals(steps, 1), 3);
  assert.equal(arrivals(steps, 1, 'a'), 0);
});
