import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesOf, worstSeverity } from './overview-facts.ts';

const none = { number: 0, latest: [] };
const node = (name: string, atMs: number) => ({ name, atMs, server: 'server-1' });
const role = {
  role: 'acting',
  epoch: 7,
  atMs: 500,
  from: 'a',
  fromName: 'server-1',
  holder: 'b',
  holderName: 'server-2',
  because: 'killed in a drill' as const,
  planned: false,
  fromEpoch: 6,
  positions: {},
  unheldMs: 1_200,
};

test('changes of every source stand in one list, the newest first, those of the time alone', () => {
  const changes = changesOf(
    {
      roles: [role, { ...role, epoch: 6, atMs: 99 }],
      definitions: [
        {
          kind: 'policy',
          name: 'disk',
          revision: 4,
          atMs: 700,
          by: 'ann',
          via: 'console',
          what: 'changed',
          changes: ['every: 1m -> 5m'],
        },
      ],
      audit: null,
      nodes: { nodesCame: { number: 1, latest: [node('web-1', 600)] }, nodesWent: none },
    },
    100,
  );
  assert.deepEqual(
    changes.map(({ kind, text }) => [kind, text]),
    [
      ['definition', 'policy disk changed'],
      ['node', 'web-1 connected'],
      ['role', 'acting: server-1 → server-2'],
    ],
  );
});

test('many nodes are one line that names the latest', () => {
  const latest = Array.from({ length: 20 }, (_, at) => node(`web-${at}`, 900 - at));
  const nodes = { nodesCame: none, nodesWent: { number: 9_998, latest } };
  const [only, ...others] = changesOf({ roles: [], definitions: null, audit: null, nodes }, 100);
  assert.equal(only?.text, '9,998 nodes are away');
  assert.match(only?.about ?? '', /web-0, web-1/);
  assert.equal(others.length, 0);
});

test('a sign-in that was refused is told as one', () => {
  const record = {
    number: 3,
    atMs: 400,
    previous: '',
    kind: 'nobody' as const,
    by: 'nobody',
    coreId: null,
    from: '192.0.2.7',
    action: 'session.create',
    target: 'ann',
    outcome: 'denied' as const,
    detail: 'the password is wrong',
    session: null,
    origin: 'o',
    server: 'server-1',
  };
  const [change] = changesOf({ roles: [], definitions: null, audit: [record], nodes: null }, 100);
  assert.deepEqual(
    [change?.kind, change?.text, change?.about],
    ['sign-in', 'ann was refused', '192.0.2.7 · the password is wrong'],
  );
});

test('the worst severity that is open', () => {
  const open = { unknown: 4, normal: 0, warning: 9, minor: 0, major: 1, critical: 0 };
  assert.equal(worstSeverity(open), 'major');
});
