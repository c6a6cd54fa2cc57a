import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readable } from './readable.ts';

test('an object is told as pairs, anything else as it stands', () => {
  assert.equal(readable('{"kind":"move","server":"server-2"}'), 'kind: move · server: server-2');
  assert.equal(readable('{"nodes":["a"],"rules":[]}'), 'nodes: ["a"] · rules: []');
  assert.equal(readable('with a setup link, roles operator'), 'with a setup link, roles operator');
  assert.equal(readable('{half'), '{half');
  assert.equal(readable(''), '');
});
