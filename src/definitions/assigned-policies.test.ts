import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeGroup, PolicyDefinition } from '../model/policy-definitions.ts';
import { emptyDigest, readPolicySet } from '../policies/policy-set.ts';
import { AssignedPolicies } from './assigned-policies.ts';
import { circleFrom } from './circle-from.ts';

const by = { changedMs: 0, by: 'ann' };

function policy(name: string, more: object = {}): PolicyDefinition {
  return { name, source: { kind: 'command', name, command: ['/bin/true'], ...more }, ...by };
}

function group(name: string, content: Partial<NodeGroup>): NodeGroup {
  return { name, nodes: [], rules: [], groups: [], policies: [], policyGroups: [], ...by, ...content };
}

test('a node gets the policies of all groups that it belongs to, also by other groups', () => {
  const assigned = new AssignedPolicies(
    [
      group('all', { nodes: ['*'], policies: ['load'] }),
      group('web', { nodes: ['web*'], policies: ['http', 'load'] }),
      group('linux', { groups: ['web', 'db'], policies: ['disk'] }),
      group('db', { nodes: ['db?'], policies: ['not defined'] }),
    ],
    [policy('load'), policy('http'), policy('disk')],
  );
  assert.deepEqual(assigned.of('web01').policies, ['disk', 'http', 'load']);
  assert.deepEqual(assigned.of('web01').groups, ['all', 'linux', 'web']);
  assert.deepEqual(assigned.of('db7').policies, ['disk', 'load']);
  assert.deepEqual(assigned.of('db77').policies, ['load']);
  assert.equal(assigned.of('web01').digest, assigned.of('web02').digest);
  assert.equal(new AssignedPolicies([], []).of('web01').digest, emptyDigest);
});

test('the set that is sent is read as it was written, with durations as people write them', () => {
  const { text, digest } = new AssignedPolicies(
    [group('all', { nodes: ['*'], policies: ['load'] })],
    [policy('load', { every: '5m' })],
  ).of('web01');
  const read = readPolicySet(text, digest);
  assert.ok('policies' in read);
  assert.equal(read.policies[0]?.kind === 'command' && read.policies[0].every, 300_000);
});

test('groups that hold each other are found, and end nothing', () => {
  const held: Readonly<Record<string, string[]>> = {
    a: ['b'],
    b: ['c', 'd'],
    c: ['a'],
    d: [],
    e: ['f', 'd'],
    f: ['d'],
  };
  const circle = (...names: string[]) => circleFrom(names, (name) => held[name] ?? [])?.join(' > ') ?? null;
  assert.equal(circle('a'), 'a > b > c > a');
  assert.equal(circle('d', 'e', 'c'), 'c > a > b > c');
  assert.equal(circle('e', 'f'), null);
  assert.deepEqual(
    circleFrom(['a'], () => ['a']),
    ['a', 'a'],
  );
  const deep = circleFrom(['0'], (name) => (name === '50000' ? ['0'] : [String(Number(name) + 1)]));
  assert.equal(deep?.length, 50_002, 'however deep');
  const circular = ['a', 'b', 'c'].map((name) => group(name, { groups: held[name] ?? [] }));
  const assigned = new AssignedPolicies([...circular, group('d', { nodes: ['x'] })], []);
  assert.deepEqual(assigned.groupsOf('x'), ['a', 'b', 'c', 'd']);
});
