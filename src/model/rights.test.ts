import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesGlob } from './glob.ts';
import { permissionSchema, Rights } from './rights.ts';

test('a pattern fits whole texts only, and letter case counts', () => {
  for (const [pattern, text, fits] of [
    ['web*', 'web01', true],
    ['web*', 'myweb', false],
    ['*db*', 'the-db-01', true],
    ['db?', 'db', false],
    ['db?', 'db1', true],
    ['*a*b*', 'xxaxxbxx', true],
    ['*a*b', 'xxaxxbxx', false],
    ['*', '', true],
    ['', '', true],
    ['Web', 'web', false],
    ['a.c', 'abc', false],
    ['[a]', 'a', false],
  ] as const)
    assert.equal(matchesGlob(pattern, text), fits, `${pattern} ${text}`);
});

test('a pattern costs no more than its length times that of the text', () => {
  const started = process.hrtime.bigint();
  matchesGlob(`${'*a'.repeat(60)}b`, 'a'.repeat(4_000));
  assert.ok(process.hrtime.bigint() - started < 200_000_000n);
  assert.equal(permissionSchema.safeParse({ right: 'see', nodes: ['*a*a*a*'] }).success, false);
});

test('rights are the sum of what the roles give, each over what it names', () => {
  const rights = new Rights([
    { right: 'see', nodes: ['web*'] },
    { right: 'operate', nodes: ['db*'], groups: ['oracle', 'backup-*'] },
  ]);
  assert.ok(rights.covers('see', { nodeName: 'web01' }));
  assert.ok(rights.covers('see', { nodeName: 'db1', group: 'oracle' }), 'who may operate on it may see it');
  assert.ok(!rights.covers('see', { nodeName: 'db1', group: 'network' }));
  assert.ok(!rights.covers('see', { nodeName: 'db1' }), 'no group fits only *');
  assert.ok(!rights.covers('operate', { nodeName: 'web01' }));
  assert.ok(rights.covers('operate', { nodeName: 'db1', group: 'backup-7' }));
  assert.ok(rights.has('operate') && !rights.hasWhole('operate') && !rights.has('administer'));
});

test('everything is everything, however it is written; nobody without a role may do anything', () => {
  assert.equal(new Rights([{ right: 'see' }]).scope('see'), null);
  assert.equal(new Rights([{ right: 'see', nodes: ['x', '*'], groups: ['*'] }]).scope('see'), null);
  assert.deepEqual(new Rights([]).scope('see'), []);
  assert.ok(!new Rights([]).covers('see', { nodeName: 'web01' }));
  assert.ok(!new Rights([{ right: 'administer' }]).has('see'));
});

test('a right over node groups is over whoever is in one of them, and over nobody where that is not known', () => {
  const inGroups: Record<string, string[]> = { web: ['web01', 'odd'], db: ['db1'] };
  const isInGroup = (node: string, group: string): boolean => inGroups[group]?.includes(node) ?? false;
  const given = [
    { right: 'see', nodeGroups: ['web', 'gone'], groups: ['os'] },
    { right: 'operate', nodeGroups: ['db'], nodes: ['test*'] },
  ] as const satisfies ConstructorParameters<typeof Rights>[0];
  const rights = new Rights(given, isInGroup);
  assert.ok(!rights.hasWhole('see') && !rights.hasWhole('operate'));
  assert.ok(rights.covers('see', { nodeName: 'web01', group: 'os' }));
  assert.ok(!rights.covers('see', { nodeName: 'web01', group: 'network' }));
  assert.ok(!rights.covers('see', { nodeName: 'web02', group: 'os' }));
  for (const nodeName of ['db1', 'test7']) assert.ok(rights.covers('operate', { nodeName }), nodeName);
  assert.ok(!rights.covers('operate', { nodeName: 'web01' }));
  inGroups['web'] = ['web02'];
  assert.ok(rights.covers('see', { nodeName: 'web02', group: 'os' }), 'membership is asked for each time');
  const untold = new Rights(given);
  assert.ok(!untold.covers('see', { nodeName: 'web01', group: 'os' }));
  assert.ok(!untold.hasWhole('see') && untold.covers('operate', { nodeName: 'test7' }));
  assert.deepEqual(JSON.parse(JSON.stringify(rights.scope('operate'))), [
    { nodes: ['test*'], nodeGroups: ['db'] },
  ]);
});
