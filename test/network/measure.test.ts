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

test('what is too slow for what was left of the machine is a fault, and may be tried anew', () => {
  const { faults, isOnlySlow } = resultOf(planned, [series(134)]);
  assert.deepEqual(faults, ['median silence 134 ms, at most 133 ms allowed with 50 % left']);
  assert.equal(isOnlySlow, true);
  assert.notDeepEqual(resultOf(planned, [series(140), series(134), series(150)]).faults, []);
});

test('a quick limit stands as it is on an idle machine, and is stretched by waiting for a turn; a longer one is not', () => {
  const limits = [1, 0.75, 0.41, 0.15].map((idle) => resultOf(planned, [series(80, { idle })]).limitMs);
  assert.deepEqual(limits, [100, 107, 153, 360]);
  assert.notDeepEqual(resultOf(planned, [series(101, { idle: 1 })]).faults, []);
  assert.notDeepEqual(resultOf(planned, [series(400, { idle: 0.15 })]).faults, []);
  assert.equal(resultOf({ ...planned, silenceMsMax: 3_500 }, [series(80, { idle: 0.1 })]).limitMs, 3_500);
});

test('the quickest series counts, and how many there were is told', () => {
  const { faults, medianMs, maxMs, seriesRun } = resultOf(planned, [series(140), series(90)]);
  assert.deepEqual([faults, medianMs, maxMs, seriesRun], [[], 90, 140, 2]);
});

test('two hosts that answered are a fault in whichever series, and nothing to try anew', () => {
  const { faults, isOnlySlow } = resultOf(planned, [series(140, { doubles: ['a and b'] }), series(80)]);
  assert.equal(faults.length, 5);
  assert.equal(isOnlySlow, false);
});

test('a time is not judged on a machine that had none left, nor of a few runs', () => {
  assert.match(resultOf(planned, [series(2_000, { idle: 0.04 })]).unjudged ?? '', /had 4 % left/);
  assert.match(resultOf(planned, [[{ ...good, silenceMs: 400 }]]).unjudged ?? '', /fewer than 5/);
  assert.equal(resultOf(planned, [series(400, { moved: false, idle: 0.04 })]).faults.length, 1);
});
