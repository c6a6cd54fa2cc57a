import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isUuid, uuidBytes, uuidText, uuidV7, uuidV7Ms, UuidV7Source } from './uuid.ts';

const tenBytes = fc.uint8Array({ minLength: 10, maxLength: 10 });

test('a UUIDv7 carries its time and survives its byte form', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), tenBytes, (wallMs, random) => {
      const id = uuidV7(wallMs, random);
      assert.ok(isUuid(id));
      assert.match(id, /^.{14}7.{4}[89ab]/);
      assert.equal(uuidV7Ms(id), wallMs);
      assert.equal(uuidText(uuidBytes(id)), id);
    }),
  );
});

test('a source gives rising IDs, whatever the wall clock does', () => {
  const clock = fc.array(fc.tuple(fc.integer({ min: 1, max: 10 }), tenBytes), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(clock, (steps) => {
      const source = new UuidV7Source();
      const ids = steps.map(([wallMs, random]) => source.next(wallMs, random));
      assert.deepEqual(ids, ids.toSorted());
      assert.equal(new Set(ids).size, ids.length);
    }),
  );
});

test('a source that has counted all of a millisecond borrows from the next', () => {
  const source = new UuidV7Source();
  const ids = Array.from({ length: 5_000 }, () => source.next(7, new Uint8Array(10)));
  assert.equal(new Set(ids).size, 5_000);
  assert.equal(uuidV7Ms(ids.at(-1) ?? ''), 8);
});
