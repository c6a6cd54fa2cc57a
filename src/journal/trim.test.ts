import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planTrim, type TrimInput } from './trim.ts';

const head = { origin: 'a', firstKept: 1, last: 100, bytes: 1_000, oldSeq: 60 };
const limits = { keepMs: 1_000, keepForAbsentMs: 5_000, keepForAbsentBytes: 10_000 };
const plan = (changes: Partial<TrimInput>) =>
  planTrim({ heads: [head], members: [], unapplied: new Map(), limits, ...changes }).trim[0]?.upTo ?? null;

test('what every member has and is old enough goes', () => {
  assert.equal(plan({}), 60);
  assert.equal(plan({ members: [{ positions: { a: 40 }, absentMs: 0 }] }), 40);
  assert.equal(plan({ members: [{ positions: { a: 90 }, absentMs: 0 }] }), 60);
  assert.equal(plan({ members: [{ positions: {}, absentMs: 0 }] }), null);
  assert.equal(plan({ heads: [{ ...head, firstKept: 61 }] }), null);
});

test('a member that is away holds it back for so long and for so many bytes', () => {
  const here = { positions: { a: 100 }, absentMs: 0 };
  const away = (absentMs: number) => [here, { positions: { a: 40 }, absentMs }];
  assert.equal(plan({ members: away(5_000) }), 40);
  assert.equal(plan({ members: away(5_001) }), 60);
  assert.equal(plan({ members: away(10), heads: [{ ...head, bytes: 10_001 }] }), 60);
  assert.equal(plan({ members: [{ positions: null, absentMs: 10 }] }), null);
});

test('however long others are away, what no majority has is kept', () => {
  const gone = (...known: number[]) => known.map((a) => ({ positions: { a }, absentMs: 1_000_000 }));
  assert.equal(plan({ members: gone(40) }), 40, 'of two, both');
  assert.equal(plan({ members: gone(0) }), null);
  assert.equal(plan({ members: gone(10, 40) }), 40, 'of three, one more');
  assert.equal(plan({ members: gone(50, 30, 10) }), 30, 'of four, two more');
  assert.equal(plan({ members: gone(50, 30, 10, 0) }), 30, 'of five, two more');
  assert.equal(plan({ members: [{ positions: null, absentMs: 1_000_000 }] }), null);
  const held = (members: TrimInput['members']) =>
    planTrim({ heads: [head], members, unapplied: new Map(), limits }).isHeldBack;
  assert.equal(held(gone(40)), true);
  assert.equal(held(gone(60, 0)), false);
  assert.equal(held([{ positions: { a: 40 }, absentMs: 10 }]), false, 'it is the member, not the rule');
});

test('who is away and has what we lack holds back what it lacks, however long it is away', () => {
  const here = { positions: { a: 100, b: 7 }, absentMs: 0 };
  const away = (b: number) => [here, { positions: { a: 40, b }, absentMs: 1_000_000 }];
  const both = (last: number) => [head, { origin: 'b', firstKept: 1, last, bytes: 10, oldSeq: 0 }];
  assert.equal(plan({ members: away(7), heads: both(7) }), 60);
  assert.equal(plan({ members: away(8), heads: both(7) }), 40);
  assert.equal(plan({ members: away(8), heads: both(8) }), 60, 'until we have it');
  assert.equal(plan({ members: away(1) }), 40, 'of an origin that is not known here');
  assert.equal(plan({ members: [{ ...here, positions: { a: 100, b: 99 } }], heads: both(7) }), 60);
  assert.equal(planTrim({ heads: both(7), members: away(8), unapplied: new Map(), limits }).isHeldBack, true);
});

test('an entry not applied yet stays, and what follows it', () => {
  assert.equal(plan({ unapplied: new Map([['a', 30]]) }), 29);
});
