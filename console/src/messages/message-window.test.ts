import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { MessageView } from '../../../src/model/api.ts';
import {
  cursorAbove,
  cursorAt,
  rowsMax,
  windowOf,
  withChanges,
  withNewer,
  withOlder,
  type MessageWindow,
} from './message-window.ts';

function message(number: number, state: MessageView['state'] = 'open'): MessageView {
  const hex = number.toString(16).padStart(12, '0');
  return {
    id: `0190a6f4-0000-7000-8000-${hex}`,
    createdMs: number,
    severity: 'major',
    text: `message ${number}`,
    node: 'a',
    nodeName: 'web01',
    state,
    owner: null,
    annotations: 0,
    receivedMs: number,
    acknowledgedMs: null,
    acknowledgedBy: null,
  };
}

const numbers = (window: MessageWindow): number[] => window.rows.map(({ createdMs }) => createdMs);
const isOpen = ({ state }: MessageView): boolean => state === 'open';
const some = windowOf({ messages: [9, 7, 5].map((n) => message(n)), next: message(5).id }, false);

test('what is new comes on top, what changed stays, what no longer passes goes', () => {
  const changed = [message(10), message(8), message(7, 'acknowledged'), message(5)];
  assert.deepEqual(numbers(withChanges(some, changed, isOpen, false)), [10, 9, 8, 5]);
});

test('beyond an end behind which the server has more, nothing is added: it would hide a gap', () => {
  assert.deepEqual(numbers(withChanges(some, [message(4)], isOpen, false)), [9, 7, 5]);
  const inside = { ...some, hasNewer: true };
  assert.deepEqual(numbers(withChanges(inside, [message(10), message(6)], isOpen, false)), [9, 7, 6, 5]);
  const whole = { ...some, hasOlder: false };
  assert.deepEqual(numbers(withChanges(whole, [message(4)], isOpen, false)), [9, 7, 5, 4]);
});

test('nothing changed: the very same window, so that nothing is drawn again', () => {
  assert.equal(withChanges(some, [message(4)], isOpen, false), some);
});

test('too many rows: those go that nobody reads, and it is known that the server has more there', () => {
  const full = windowOf(
    { messages: Array.from({ length: rowsMax }, (_, at) => message(rowsMax - at)), next: null },
    false,
  );
  const one = [message(rowsMax + 1)];
  const atTop = withChanges(full, one, isOpen, false);
  assert.deepEqual(
    [atTop.rows.length, atTop.hasOlder, atTop.rows[0]?.createdMs],
    [rowsMax, true, rowsMax + 1],
  );
  const below = withChanges(full, one, isOpen, true);
  assert.deepEqual([below.rows.length, below.hasNewer, below.rows[0]?.createdMs], [rowsMax, true, rowsMax]);
});

test('walking to the oldest and back: every message once, in order, whatever the sizes of pages', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9_000 }), fc.integer({ min: 50, max: 1_000 }), (total, size) => {
      const older = (below: number) => page(below - 1, -1, size, total);
      const newer = (above: number) => page(above + 1, 1, size, total);
      let window = windowOf(older(total + 1), false);
      const check = (): void => {
        const found = numbers(window);
        assert.ok(found.every((number, at) => at === 0 || number === (found[at - 1] ?? 0) - 1));
        assert.equal(window.hasOlder, found.at(-1) !== 1);
        assert.equal(window.hasNewer, found[0] !== total);
      };
      check();
      while (window.hasOlder) {
        window = withOlder(window, older(window.rows.at(-1)?.createdMs ?? 0));
        check();
      }
      while (window.hasNewer) {
        window = withNewer(window, newer(window.rows[0]?.createdMs ?? 0));
        check();
      }
    }),
    { numRuns: 25 },
  );
});

function page(from: number, step: 1 | -1, size: number, total: number) {
  const all = Array.from({ length: size }, (_, at) => from + at * step).filter((n) => n >= 1 && n <= total);
  const last = all.at(-1) ?? from;
  const next = step === 1 ? last < total : last > 1;
  return { messages: all.map((n) => message(n)), next: next ? message(last).id : null };
}

test('cursors: just above a message, and at a time', () => {
  assert.ok(cursorAbove(message(9).id) > message(9).id);
  assert.ok(cursorAbove(message(9).id) <= message(10).id);
  assert.equal(cursorAbove('0190a6f4-0000-7000-8000-0000ffffffff'), '0190a6f4-0000-7000-8000-000100000000');
  assert.equal(cursorAt(1_700_000_000_123), '018bcfe5-687b-7000-8000-000000000000');
});
