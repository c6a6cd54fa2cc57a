import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../world/random.ts';
import { World } from '../world/world.ts';
import { RetryJudge } from './retry-judge.ts';

/** One process that fails at once, however often it tries, and waits what it is told to. */
function retrying(waitsMs: readonly number[]): RetryJudge {
  using world = new World('retry');
  const process = world.machine('a').start('agent', () => undefined);
  const judge = new RetryJudge();
  let nowMs = 0;
  for (const waitMs of waitsMs) {
    judge.attempt(process, 'starts', nowMs);
    judge.attempt(process, 'fails', nowMs);
    nowMs += waitMs;
  }
  return judge;
}

const many = Array.from({ length: 30 }, (_, i) => i);

test('retries: waits that double, or are always the same, are found', () => {
  assert.throws(() => retrying(many.map((i) => 1_000 * 2 ** i)).checkSpread(), /retries are spread/);
  assert.throws(() => retrying(many.map(() => 5_000)).checkSpread(), /29 of|28 of/);
});

test('retries: waits that are drawn are well, and a few say nothing', () => {
  const random = new SeededRandom('waits');
  assert.doesNotThrow(() => retrying(many.map(() => random.between(300, 4_000))).checkSpread());
  assert.doesNotThrow(() => retrying(many.slice(0, 10).map(() => 5_000)).checkSpread());
});
