import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayStop, whatIsBehind } from './etcd-terms.ts';

test('a member starts anew for other authorities, and lets go of connections for who was revoked', () => {
  const running = { believes: ['b', 'a'], refuses: ['m3'] };
  assert.equal(whatIsBehind(running, { believes: ['a', 'b'], refuses: ['m3'] }), 'nothing');
  assert.equal(whatIsBehind(running, { believes: ['a', 'b'], refuses: [] }), 'nothing', 'it was forgotten');
  assert.equal(whatIsBehind(running, { believes: ['a', 'b'], refuses: ['m3', 'm4'] }), 'connections');
  assert.equal(whatIsBehind(running, { believes: ['b'], refuses: ['m3', 'm4'] }), 'authorities');
  assert.equal(whatIsBehind(null, { believes: [], refuses: [] }), 'authorities');
});

test('a member stops only while the others have a majority without it, or it is the only one', () => {
  assert.equal(mayStop([], new Set()), true);
  assert.equal(mayStop([2n], new Set([2n])), false, 'two voters stop when either does');
  assert.equal(mayStop([2n, 3n], new Set([2n, 3n])), true);
  assert.equal(mayStop([2n, 3n], new Set([2n, 9n])), false);
  assert.equal(mayStop([2n, 3n, 4n, 5n], new Set([2n, 3n, 4n])), true);
  assert.equal(mayStop([2n, 3n, 4n, 5n], new Set([2n, 3n])), false);
});
