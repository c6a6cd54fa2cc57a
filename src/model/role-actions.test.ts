import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roleCanMove, type MoveFacts } from './role-actions.ts';

const server = { name: 'wk2', online: true, healthy: true, because: '' };
const facts: MoveFacts = { role: 'acting', pinnedTo: null, isHolder: false, server };

test('a role goes to a server that is online, healthy and able, and is not pinned elsewhere', () => {
  assert.equal(roleCanMove(facts), true);
  assert.equal(roleCanMove({ ...facts, pinnedTo: 'wk2' }), true);
  assert.equal(roleCanMove({ ...facts, isHolder: true }), 'there already');
});

test('each refusal says what is in the way', () => {
  const refusals = [
    [{ ...facts, pinnedTo: 'wk1' }, /pinned to wk1; run role unpin acting/],
    [{ ...facts, server: { ...server, online: false } }, /wk2 is offline/],
    [{ ...facts, server: { ...server, healthy: false, because: 'disk full' } }, /not healthy \(disk full\)/],
    [{ ...facts, server: { ...server, cannotCarry: true } }, /cannot carry acting/],
  ] as const;
  for (const [each, reason] of refusals) assert.match(String(roleCanMove(each)), reason);
});
