import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cut, pad, printable, widthOf } from './line.ts';

test('width counts columns of the terminal', () => {
  assert.equal(widthOf('plain'), 5);
  assert.equal(widthOf('日本'), 4);
  assert.equal(widthOf('e\u0301'), 1);
  assert.equal(widthOf('🚨!'), 3);
});

test('cut and padded text takes exactly its room, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (raw, width) => {
      const text = printable(raw);
      assert.ok(widthOf(cut(text, width)) <= width);
      assert.equal(widthOf(pad(text, width)), width);
    }),
  );
});

test('nothing that moves the cursor or turns the direction gets through', () => {
  assert.equal(printable('a\u001b[2J\r\nb\u202ec\u2028d'), 'a [2J b c d');
});
