import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resultOf, type Run } from './measure.ts';

const planned = { name: 'planned', moves: true, silenceMsMax: 100 };
const good: Run = {
  silenceMs: 80,
  moved: true,
  doubles: [],
  samples: 100,
  neighbourSamples: 50,
  problem: null,
  idle: 0.5,
};

function series(silenceMs: number, change: Partial<Run> = {}): Run[] {
  return Array.from({ length: 5 }, () => ({ ...good, silenceMs, ...change }));
}

test('what is too slow on a machine with time left is a fault, and may be tried anew', () => {
  const { faults, isOnlySlow } = resultOf(planned, [series(104)]);
  assert.deepEqual(faults, ['median silence 104 ms, at most 100 ms allowed']);
  assert.equal(isOnlySlow, true);
  assert.notDeepEqual(resultOf(planned, [series(104), series(101), series(120)]).faults, []);
});

test('the quickest series counts, and how many there were is told', () => {
  const { faults, medianMs, maxMs, seriesRun } = resultOf(planned, [series(104), series(90)]);
  assert.deepEqual([faults, medianMs, maxMs, seriesRun], [[], 90, 104, 2]);
});

test('two hosts that answered are a fault in whichever series, and nothing to try anew', () => {
  const { faults, isOnlySlow } = resultOf(planned, [series(104, { doubles: ['a and b'] }), series(80)]);
  assert.equal(faults.length, 5);
  assert.equal(isOnlySlow, false);
});

test('a time is not judged on a machine that had none left, nor of a few runs', () => {
  assert.match(resultOf(planned, [series(400, { idle: 0.1 })]).unjudged ?? '', /had 10 % left/);
  assert.match(resultOf(planned, [[{ ...good, silenceMs: 400 }]]).unjudged ?? '', /fewer than 5/);
  assert.equal(resultOf(planned, [series(400, { moved: false, idle: 0.1 })]).faults.length, 1);
});
