import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { operationKinds } from '../model/operation.ts';
import { deriveMark, untouched, type StandingClose, type StoredOperation } from './merge.ts';
import { isVoid } from './voiding.ts';

const origins = [1, 2, 3].map((n) => `0192d3a0-0000-4000-8000-00000000000${n}.0000000${n}`);
const version = fc.record({
  hlc: fc.integer({ min: 1_000, max: 9_000 }),
  origin: fc.constantFrom(...origins),
});
const operation: fc.Arbitrary<StoredOperation> = fc
  .tuple(version, fc.constantFrom('i1', 'i2', 'i3', 'i4', 'i5'), fc.constantFrom(...operationKinds))
  .map(([at, id, kind]) => ({ ...at, id, kind, by: `user of ${at.hlc}` }));
const close: fc.Arbitrary<StandingClose> = fc
  .tuple(version, fc.integer({ min: 1, max: 3 }), fc.option(version))
  .map(([at, epoch, seen]) => ({ ...at, role: 'acting', epoch, seen }));

function shuffled<T>(items: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...items], { minLength: items.length });
}

test('any order and any repetition of the same operations and decisions comes to the same', () => {
  const setUp = fc
    .tuple(fc.array(operation, { maxLength: 8 }), fc.array(close, { maxLength: 4 }))
    .chain(([operations, closes]) =>
      fc.record({
        operations: fc.constant(operations),
        closes: fc.constant(closes),
        otherOperations: shuffled([...operations, ...operations.slice(0, 3)]),
        otherCloses: shuffled([...closes, ...closes]),
      }),
    );
  fc.assert(
    fc.property(setUp, ({ operations, closes, otherOperations, otherCloses }) => {
      assert.deepEqual(deriveMark(operations, closes), deriveMark(otherOperations, otherCloses));
    }),
    { numRuns: 1_000 },
  );
});

const one = (kind: StoredOperation['kind'], hlc: number, by = 'ann'): StoredOperation => ({
  id: `i${hlc}`,
  kind,
  by,
  hlc,
  origin: origins[0] ?? '',
});

test('the latest operation sets state and owner, each by itself', () => {
  const mark = deriveMark(
    [
      one('acknowledge', 5_000_000, 'bob'),
      one('own', 4_000_000),
      one('unacknowledge', 1_000_000),
      one('annotate', 9_000_000),
    ],
    [],
  );
  assert.equal(mark.state, 'acknowledged');
  assert.equal(mark.acknowledgedBy, 'bob');
  assert.equal(mark.acknowledgedMs, 5_000);
  assert.equal(mark.owner, 'ann');
  assert.equal(mark.annotations, 1);
});

test('a close yields to an operation it had not seen, whatever their stamps', () => {
  const base = { role: 'acting', epoch: 1, hlc: 9_000_000, origin: origins[1] ?? '' };
  const reopened = one('unacknowledge', 2_000_000);
  assert.equal(deriveMark([reopened], [{ ...base, seen: null }]).state, 'open');
  assert.equal(deriveMark([reopened], [{ ...base, seen: reopened }]).state, 'acknowledged');
  assert.equal(deriveMark([], [{ ...base, seen: null }]).acknowledgedBy, 'acting');
  assert.deepEqual(deriveMark([], []), untouched);
});

test('of two closes that stand the higher epoch counts', () => {
  const [a = '', b = ''] = origins;
  const mark = deriveMark(
    [],
    [
      { role: 'acting', epoch: 2, hlc: 1_000_000, origin: a, seen: null },
      { role: 'acting', epoch: 1, hlc: 5_000_000, origin: b, seen: null },
    ],
  );
  assert.equal(mark.acknowledgedMs, 1_000);
});

test('a decision is void only beyond what a later holder of the same role knew', () => {
  const [a = ''] = origins;
  const decision = { role: 'acting', epoch: 1, origin: a, seq: 7 };
  const at = (epoch: number, seq: number, role = 'acting') => [{ role, epoch, positions: { [a]: seq } }];
  assert.equal(isVoid(decision, at(2, 6)), true);
  assert.equal(isVoid(decision, at(2, 7)), false);
  assert.equal(isVoid(decision, at(1, 0)), false);
  assert.equal(isVoid(decision, at(2, 0, 'other')), false);
  assert.equal(isVoid(decision, [{ role: 'acting', epoch: 2, positions: {} }]), true);
});
