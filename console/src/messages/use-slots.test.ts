import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { slotsOf } from './use-slots.ts';

const rows = (ids: readonly number[]) => ids.map((id) => ({ id: String(id) }));

test('a message keeps its element while it is drawn, no two share one, and none is made that is not needed', () => {
  fc.assert(
    fc.property(fc.array(fc.uniqueArray(fc.nat(12), { maxLength: 8 }), { maxLength: 12 }), (views) => {
      let before: ReadonlyMap<string, number> = new Map();
      let most = 0;
      for (const view of views) {
        const after = slotsOf(before, rows(view));
        most = Math.max(most, view.length, ...[...before.values()].map((slot) => slot + 1));
        assert.equal(new Set(after.values()).size, view.length);
        for (const [id, slot] of after) {
          assert.equal(slot, before.get(id) ?? slot);
          assert.ok(slot < most, `slot ${slot} of ${most}`);
        }
        before = after;
      }
    }),
  );
});
