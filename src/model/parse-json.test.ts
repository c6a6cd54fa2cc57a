import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from './parse-json.ts';

test('texts and bytes are read, and what is no JSON is undefined', () => {
  assert.deepEqual(parseJson('{"a":[1]}'), { a: [1] });
  assert.deepEqual(parseJson(new TextEncoder().encode('"ä"')), 'ä');
  assert.equal(parseJson('null'), null);
  for (const text of ['', '{', 'undefined', '[1,]', new Uint8Array([0xff, 0xfe])])
    assert.equal(parseJson(text), undefined);
});
