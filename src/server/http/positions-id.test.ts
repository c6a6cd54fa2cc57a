import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Positions } from '../../model/origin.ts';
import { decodePositions, encodePositions, positionsIdCharsMax } from './positions-id.ts';

const coreIds = ['0190a6f4-0000-4000-8000-000000000001', 'ffffffff-ffff-4fff-bfff-ffffffffffff'];
const positionsArbitrary = fc.dictionary(
  fc
    .tuple(fc.constantFrom(...coreIds), fc.integer({ min: 0, max: 0xffff_ffff }))
    .map(([coreId, incarnation]) => `${coreId}.${incarnation.toString(16).padStart(8, '0')}`),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  { maxKeys: 40, noNullPrototype: true },
);

test('what was encoded is decoded again, whatever the order of its origins', () => {
  fc.assert(
    fc.property(positionsArbitrary, (positions) => {
      const text = encodePositions(positions);
      assert.ok(text !== null && text.length <= positionsIdCharsMax);
      assert.deepEqual(decodePositions(text), positions);
      const reversed = Object.fromEntries(Object.entries(positions).toReversed());
      assert.equal(encodePositions(reversed), text);
    }),
  );
});

test('anything else decodes to null or to positions, and never throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
      const positions = decodePositions(text);
      assert.ok(positions === null || Object.values(positions).every(Number.isSafeInteger));
    }),
  );
  for (const text of ['', '0', 'AQ!', 'AQ'.repeat(positionsIdCharsMax), 'Ag'])
    assert.equal(decodePositions(text), null);
});

test('500 restarts fit, too many give no ID at all', () => {
  const restarts = (count: number): Positions =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`${coreIds[0]}.${i.toString(16).padStart(8, '0')}`, 100_000]),
    );
  assert.notEqual(encodePositions(restarts(500)), null);
  assert.equal(encodePositions(restarts(5_000)), null);
});
