import assert from 'node:assert/strict';
import { test } from 'node:test';
import { severities } from '../model/severity.ts';
import { openSteps } from './open-steps.ts';
import { stepMs, type StepNumbers } from './time-steps.ts';

const critical = severities.indexOf('critical');
const none = { unknown: 0, normal: 0, warning: 0, minor: 0, major: 0, critical: 0 };
/** Any step; it ends an hour of the day. */
const first = 5_000_004;

function numbers(arrived: number, acknowledged: number): StepNumbers {
  const of = (number: number): Int32Array =>
    Int32Array.from(severities, (_, rank) => (rank === critical ? number : 0));
  return { arrived: of(arrived), acknowledged: of(acknowledged) };
}

test('what was open is counted back from what is open now', () => {
  const happened = new Map([
    [first + 9, numbers(5, 0)],
    [first + 10, numbers(1, 4)],
    [first + 11, numbers(2, 1)],
  ]);
  const at = (step: number): StepNumbers => happened.get(step) ?? numbers(0, 0);
  const nowMs = (first + 11) * stepMs + 1_000;
  const steps = openSteps({ ...none, critical: 3 }, '1h', nowMs, at, 0);
  assert.deepEqual(
    steps
      .slice(-4)
      .map(({ open, arrived, acknowledged }) => [open.critical, arrived.critical, acknowledged.critical]),
    [
      [0, 0, 0],
      [5, 5, 0],
      [2, 1, 4],
      [3, 2, 1],
    ],
  );
  assert.equal(steps.length, 12);
  assert.equal(steps.at(-1)?.toMs, nowMs);
  assert.equal(steps.at(-2)?.toMs, (first + 11) * stepMs);
});

test('longer steps hold several; what happened before anything was counted is left out', () => {
  const at = (step: number): StepNumbers => numbers(step === first + 1 ? 7 : 0, 0);
  const steps = openSteps({ ...none, critical: 7 }, '6h', (first + 3) * stepMs, at, first);
  assert.deepEqual(
    steps.map(({ fromMs, open, arrived }) => [fromMs / stepMs - first, open.critical, arrived.critical]),
    [
      [0, 7, 7],
      [3, 7, 0],
    ],
  );
});
