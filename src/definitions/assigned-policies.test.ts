import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeGroup, PolicyDefinition } from '../model/policy-definitions.ts';
import { emptyDigest, readPolicySet } from '../policies/policy-set.ts';
import type { NodeFacts } from '../model/node-definitions.ts';
import { AssignedPolicies, nameAlone } from './assigned-policies.ts';
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

test('a node belongs to groups by rules over what is known of it, and gets what policy groups hold', () => {
  const facts: Readonly<Record<string, Partial<NodeFacts>>> = {
    web01: { address: '10.1.2.3', system: 'linux', labels: { tier: 'web', site: 'oslo' } },
    web02: { address: '10.2.2.3', system: 'linux', labels: { tier: 'web' } },
    db1: { address: 'fd00:1::7', system: 'aix', labels: { tier: 'db' } },
  };
  const groups = [
    group('oslo', { rules: [{ addresses: ['10.1.0.0/16', 'fd00:1::/32'] }], policyGroups: ['base'] }),
    group('web', { rules: [{ labels: { tier: 'web' }, systems: ['lin*'] }], policies: ['http'] }),
    group('either', { rules: [{ names: ['db*'] }, { labels: { site: 'os*' } }] }),
    group('named', { nodes: ['web02', 'new*'] }),
  ];
  const policyGroups = [
    { name: 'base', policies: ['load'], groups: ['disks'], ...by },
    { name: 'disks', policies: ['disk'], groups: ['base'], ...by },
  ];
  const assigned = new AssignedPolicies(groups, [policy('load'), policy('http'), policy('disk')], undefined, {
    policyGroups,
    factsOf: (name) => ({ ...nameAlone(name), ...facts[name] }),
  });
  assert.deepEqual(assigned.groupsOf('web01'), ['either', 'oslo', 'web']);
  assert.deepEqual(assigned.of('web01').policies, ['disk', 'http', 'load']);
  assert.deepEqual(assigned.groupsOf('web02'), ['named', 'web']);
  assert.deepEqual(assigned.groupsOf('db1'), ['either', 'oslo']);
  assert.deepEqual(assigned.groupsOf('new1'), ['named'], 'what is not known fits no rule');
  assert.deepEqual(assigned.groupsNaming('disk'), ['oslo'], 'by a policy group that another holds');
  assert.deepEqual(assigned.groupsNaming('http'), ['web']);
  assert.deepEqual(assigned.groupsNaming('none'), []);
});
