import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roleCanDrill, roleCanMove, type DrillFacts, type MoveFacts } from './role-actions.ts';

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

const other = { name: 'wk2', online: true, healthy: true, lagEntries: 0, version: '1' };
const drill: DrillFacts = {
  role: 'acting',
  holder: 'wk1',
  pinnedTo: null,
  isMoving: false,
  atRisk: { is: false, because: '' },
  coordinator: { reachable: true, doubt: null, waiting: false },
  servers: [{ ...other, name: 'wk1' }, other],
};

test('a drill needs a pool that is whole', () => {
  assert.equal(roleCanDrill(drill), true);
  const holder = { ...other, name: 'wk1' };
  const refusals = [
    [{ ...drill, holder: null }, /nobody holds acting/],
    [{ ...drill, pinnedTo: 'wk1' }, /pinned to wk1/],
    [{ ...drill, isMoving: true }, /is being moved/],
    [{ ...drill, atRisk: { is: true, because: 'one copy' } }, /at risk already: one copy/],
    [{ ...drill, coordinator: { ...drill.coordinator, reachable: false } }, /coordinator does not answer/],
    [{ ...drill, coordinator: { ...drill.coordinator, doubt: 'restored' } }, /pool confirm/],
    [{ ...drill, servers: [holder] }, /no other server/],
    [{ ...drill, servers: [holder, { ...other, online: false }] }, /wk2 is offline/],
    [{ ...drill, servers: [holder, { ...other, healthy: false }] }, /wk2 is not healthy/],
    [{ ...drill, servers: [holder, { ...other, lagEntries: 900 }] }, /900 entries behind/],
    [{ ...drill, servers: [holder, { ...other, version: '2' }] }, /different versions/],
  ] as const;
  for (const [facts, reason] of refusals) assert.match(String(roleCanDrill(facts)), reason);
});
