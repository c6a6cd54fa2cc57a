import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNotParsed } from './json-bounds.ts';

const why = (json: string, bounds: Parameters<typeof whyNotParsed>[1]): string | null =>
  whyNotParsed(Buffer.from(json), bounds);

test('what nests too deeply or holds too much is told without parsing it, whatever stands in its strings', () => {
  const nested = '{"a":[{"b":[]}]}';
  assert.equal(why(nested, { depthMax: 4 }), null);
  assert.equal(why(nested, { depthMax: 3 }), 'it nests deeper than 3 levels');
  assert.equal(why('["[[[[", "\\"[[[", "\\\\"]', { depthMax: 1, valuesMax: 3 }), null);
  assert.equal(why('[1,2,3]', { depthMax: 1, valuesMax: 3 }), null);
  assert.equal(why('[1,2,3,4]', { depthMax: 1, valuesMax: 3 }), 'it holds more than 3 values');
  assert.equal(why('[[],[]]', { depthMax: 2, valuesMax: 3 }), 'it holds more than 3 values');
  assert.equal(why('', { depthMax: 0 }), null);
});
