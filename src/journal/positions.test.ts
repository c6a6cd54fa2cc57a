import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { behind, covers, lagEntries, mergePositions } from './positions.ts';

const positions = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat(9), { noNullPrototype: true });

test('merging covers both, is the least that does, and does not depend on order', () => {
  fc.assert(
    fc.property(positions, positions, (a, b) => {
      const merged = mergePositions(a, b);
      assert.ok(covers(merged, a) && covers(merged, b));
      assert.ok(covers(a, b) ? covers(a, merged) : true);
      assert.ok(covers(mergePositions(b, a), merged));
    }),
  );
});

test('what is behind says from where on and how much', () => {
  assert.deepEqual(behind({ a: 5, b: 2 }, { a: 3, b: 2 }), [{ origin: 'a', afterSeq: 3, entries: 2 }]);
  assert.equal(lagEntries({ a: 5, b: 2 }, {}), 7);
  assert.equal(lagEntries({ a: 5 }, { a: 9 }), 0);
});
