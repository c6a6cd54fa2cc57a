import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeView, PoolStatus } from '../../../src/model/api.ts';
import { poolFacts } from './pool-facts.ts';

const counts = { unknown: 0, normal: 0, warning: 0, minor: 0, major: 0, critical: 0 };
const member = (name: string, rank: number): PoolStatus['members'][number] => ({
  coreId: `id-${name}`,
  name,
  url: `https://${name}:7100`,
  addresses: [],
  rank,
  duty: 'standby',
  state: 'active',
  healthy: true,
  because: '',
  sinceMs: 1,
  lastHeartbeatMs: 1,
  version: '1',
  lagEntries: 0,
  positions: null,
});
const role = (name: string, holder: string | null): PoolStatus['roles'][number] => ({
  role: name,
  holder,
  holderName: null,
  epoch: 1,
  sinceMs: 1,
  because: 'first holder',
  address: null,
});
const node = (name: string, connectedTo: string | null, via: string | null = null): NodeView => ({
  coreId: name,
  name,
  connectedTo,
  via,
  sinceMs: null,
  lastHeardMs: null,
  lastMessageMs: null,
  version: null,
  address: null,
});
const status: PoolStatus = {
  pool: { id: 'p', name: 'test' },
  server: { coreId: 'id-a', name: 'a', version: '1', origin: '', positions: {}, stateHash: '' },
  coordinator: { reachable: true, kind: 'sqlite', confirmed: false, doubt: null, waiting: false, etcd: [] },
  serverRules: { active: false, held: 0 },
  sharing: [],
  atRisk: { is: false, because: '' },
  members: [member('b', 2), member('a', 1)],
  roles: [
    role('acting', 'id-a'),
    role('virtual-interface/front', 'id-b'),
    role('virtual-interface/back', null),
    role('virtual-interface/lost', 'id-removed'),
  ],
  messages: { total: 0, open: counts, acknowledged: counts },
};

test('every role and every agent stands in the picture exactly once', () => {
  const nodes = [
    node('n1', 'b', 'front'),
    node('n2', 'a'),
    node('n3', null),
    node('n4', 'a', 'removed-interface'),
  ];
  const { servers, unheld, lostAgents } = poolFacts(status, nodes);
  assert.deepEqual(
    servers.map(({ member, roles, directAgents }) => [
      member.name,
      roles.map(({ title, agents }) => [title, ...agents]),
      directAgents,
    ]),
    [
      ['a', [['acting']], ['n2', 'n4']],
      ['b', [['front', 'n1']], []],
    ],
  );
  assert.deepEqual(
    unheld.map(({ title }) => title),
    ['back', 'lost'],
  );
  assert.deepEqual(lostAgents, ['n3']);
});
