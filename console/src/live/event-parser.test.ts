import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { EventParser } from './event-parser.ts';

const text =
  'retry: 1000\nid: a\ndata: {"n":1}\n\n: still here\n\ndata: one\ndata: two\n\nid: b\r\ndata:x\r\n\r\n';
const events = [
  { id: 'a', data: '{"n":1}' },
  { id: null, data: 'one\ntwo' },
  { id: 'b', data: 'x' },
];

test('events are the same wherever the pieces end', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), text.length];
      const parser = new EventParser();
      const found = at.slice(1).flatMap((end, index) => parser.feed(text.slice(at[index], end)));
      assert.deepEqual(found, events);
    }),
  );
});

test('an event that has not ended yet is not told', () => {
  assert.deepEqual(new EventParser().feed('id: 1\ndata: half\n'), []);
});
