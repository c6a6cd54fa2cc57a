import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planCycle, type Target } from './plan-cycle.ts';
import { SeededRandom } from './seeded-random.ts';

const targets: Target[] = [1, 2, 3].flatMap((index): Target[] => [
  { name: `server-${index}`, part: 'server process' },
  { name: `server-${index}`, part: 'keeper' },
  { name: `node-${index}`, part: 'agent' },
]);

test('the same seed plans the same faults', () => {
  const plan = (seed: number): unknown => {
    const random = new SeededRandom(seed);
    return Array.from({ length: 20 }, () => planCycle(random, targets));
  };
  assert.deepEqual(plan(7), plan(7));
  assert.notDeepEqual(plan(7), plan(8));
});

test('over many cycles every target meets every kind of fault, one or two at a time', () => {
  const random = new SeededRandom(1);
  const seen = new Set<string>();
  for (let cycle = 0; cycle < 500; cycle += 1) {
    const faults = planCycle(random, targets);
    assert.ok(faults.length === 1 || faults.length === 2);
    assert.equal(new Set(faults.map(({ target }) => target)).size, faults.length, 'never the same one twice');
    for (const { target, kind, pauseMs } of faults) {
      seen.add(`${target.name} ${target.part} ${kind}`);
      if (kind === 'SIGSTOP') assert.ok(pauseMs >= 1_000 && pauseMs <= 10_000);
    }
  }
  assert.equal(seen.size, targets.length * 2);
});
