import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MessageView } from '../../../src/model/api.ts';
import { groupedChanges, numberOf } from './grouped-changes.ts';

function view(number: number, key: string, open: number, state: MessageView['state'] = 'open'): MessageView {
  return {
    id: `0190a6f4-0000-7000-8000-${String(number).padStart(12, '0')}`,
    createdMs: number,
    severity: 'major',
    text: `message ${number}`,
    node: '0190a6f4-0000-4000-8000-00000000000a',
    nodeName: 'web01',
    state,
    owner: null,
    annotations: 0,
    receivedMs: number,
    acknowledgedMs: null,
    acknowledgedBy: null,
    same: { key, open, acknowledged: 0 },
  };
}
const shown = (messages: readonly MessageView[]): string[] =>
  messages.map((message) => `${message.createdMs}: ${numberOf(message, 'open')}`);

test('a newer one takes the place of the one that stood there', () => {
  const { changed, leaving, isStale } = groupedChanges([view(1, 'a', 1)], [view(2, 'a', 2)], 'open');
  assert.deepEqual(shown(changed), ['2: 2']);
  assert.deepEqual([...leaving], [view(1, 'a', 1).id]);
  assert.equal(isStale, false);
});

test('many at once leave one row with the last number', () => {
  const arrived = [view(4, 'a', 4), view(2, 'a', 2), view(3, 'b', 1)];
  const { changed } = groupedChanges([view(1, 'a', 1)], arrived, 'open');
  assert.deepEqual(shown(changed).sort(), ['3: 1', '4: 4']);
});

test('an older one only brings the new number', () => {
  const { changed, leaving } = groupedChanges([view(5, 'a', 1)], [view(2, 'a', 2)], 'open');
  assert.deepEqual(shown(changed), ['5: 2']);
  assert.equal(leaving.size, 0);
});

test('when the one that stood there is acknowledged, who stands there now has to be asked for', () => {
  const row = view(5, 'a', 3);
  assert.equal(groupedChanges([row], [view(5, 'a', 2, 'acknowledged')], 'open').isStale, true);
  const last = groupedChanges([row], [view(5, 'a', 0, 'acknowledged')], 'open');
  assert.equal(last.isStale, false);
  assert.deepEqual(
    last.changed.map(({ state }) => state),
    ['acknowledged'],
  );
});

test('an acknowledged one that stood nowhere here brings no row', () => {
  assert.deepEqual(groupedChanges([], [view(5, 'a', 2, 'acknowledged')], 'open').changed, []);
});
