import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeView } from '../../../src/model/api.ts';
import type { NodePolicies } from '../../../src/model/policy-api.ts';
import { groupsOf, isDrifted, nodeFacts } from './node-facts.ts';

const node = (name: string, connectedTo: string | null = 'server-1'): NodeView => ({
  coreId: `id-${name}`,
  name,
  connectedTo,
  sinceMs: null,
  lastHeardMs: null,
  lastMessageMs: null,
  version: null,
  address: null,
  via: null,
});
const runs = (
  name: string,
  state: NodePolicies['state'],
  groups: string[],
  policies = ['disk'],
): NodePolicies => ({
  coreId: `id-${name}`,
  name,
  state,
  groups,
  policies,
  primary: null,
  digest: 'x',
  running: null,
});

test('a node stands in each of its groups, those of none last, and what is away or drifted is counted', () => {
  const facts = nodeFacts(
    [node('a'), node('b', null), node('c'), node('d')],
    [runs('a', 'current', ['web', 'db']), runs('b', 'pending', ['web']), runs('c', 'unknown', [], [])],
  );
  assert.deepEqual(
    groupsOf(facts).map(({ name, nodes, away, drifted }) => [name, nodes.length, away, drifted]),
    [
      ['db', 1, 0, 0],
      ['web', 2, 1, 1],
      [null, 2, 0, 0],
    ],
  );
});

test('who should run nothing has not drifted, nor has one of which nothing is known', () => {
  const [idle, unknown] = nodeFacts([node('a'), node('b')], [runs('a', 'unknown', [], [])]);
  assert.equal(idle && isDrifted(idle), false);
  assert.equal(unknown && isDrifted(unknown), false);
});
