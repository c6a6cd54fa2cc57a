import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditView } from '../model/audit.ts';
import { currentSessions } from './current-sessions.ts';
import { absoluteMs } from './session-token.ts';

function record(part: Partial<AuditView>): AuditView {
  return {
    number: 1,
    previous: '0'.repeat(64),
    kind: 'user',
    by: part.target ?? '',
    coreId: null,
    from: '192.0.2.1',
    action: 'session.create',
    target: 'ann',
    outcome: 'allowed',
    detail: '',
    session: null,
    atMs: 1_000,
    origin: 'o',
    server: 'm1',
    ...part,
  };
}

const none = (): boolean => false;
const ids = (sessions: readonly { id: string }[]): string[] => sessions.map(({ id }) => id);

test('a session counts until its time is over or it was ended', () => {
  const signIns = [record({ session: 's1' }), record({ session: 's2', outcome: 'denied' })];
  assert.deepEqual(ids(currentSessions(signIns, [], none, 2_000)), ['s1']);
  assert.deepEqual(currentSessions(signIns, [], none, 1_000 + absoluteMs), []);
  assert.deepEqual(
    currentSessions(signIns, [], (id) => id === 's1', 2_000),
    [],
  );
});

test('what ends all sessions of a user ends those from before, of that user alone', () => {
  const signIns = [
    record({ session: 'before' }),
    record({ session: 'after', atMs: 3_000 }),
    record({ session: 'bob', target: 'bob' }),
  ];
  for (const [action, detail] of [
    ['user.password', ''],
    ['user.disable', ''],
    ['user.sign-out', ''],
    ['user.change', '{"kind":"change","roles":["observer"]}'],
  ] as const)
    assert.deepEqual(
      ids(currentSessions(signIns, [record({ action, detail, atMs: 2_000 })], none, 4_000)),
      ['after', 'bob'],
      action,
    );
  for (const change of [
    { action: 'user.change', detail: '{"kind":"change","displayName":"Ann"}' },
    { action: 'user.disable', outcome: 'denied' },
    { action: 'user.setup-link' },
  ] as const)
    assert.equal(currentSessions(signIns, [record({ ...change, atMs: 2_000 })], none, 4_000).length, 3);
});
