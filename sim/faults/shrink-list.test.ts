import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { shrinkList } from './shrink-list.ts';

test('shrinking keeps what it takes to fail, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 40 }),
      fc.array(fc.nat(39), { maxLength: 3 }),
      async (whole, places) => {
        const needed = new Set(places.map((place) => whole[place % whole.length]));
        const fails = (list: readonly number[]): Promise<boolean> =>
          Promise.resolve([...needed].every((one) => list.some((other) => other === one)));
        const { list } = await shrinkList(whole, fails, 10_000);
        assert.deepEqual(
          list,
          whole.filter((one) => needed.has(one)),
        );
      },
    ),
  );
});

test('shrinking stops after so many tries', async () => {
  const whole = Array.from({ length: 100 }, (_, i) => i);
  const { list, runs } = await shrinkList(whole, () => Promise.resolve(false), 7);
  assert.deepEqual([list.length, runs], [100, 7]);
});
