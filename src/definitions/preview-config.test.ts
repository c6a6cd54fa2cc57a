import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { z } from 'zod';
import { keys } from '../model/definitions.ts';
import { nameAlone } from './assigned-policies.ts';
import { ConfigNow } from './config-now.ts';
import { previewConfig } from './preview-config.ts';

const by = { changedMs: 1, by: 'ann' };
const disk = { kind: 'command', name: 'disk', command: ['/usr/bin/true'] };
const stored: Readonly<Record<string, unknown>> = {
  [keys.policy('disk')]: { name: 'disk', source: disk, ...by },
  [keys.nodeGroup('web')]: { name: 'web', nodes: ['web*'], policies: ['disk'], ...by },
};
const now = nowOf(stored);
const nodes = ['web1', 'web2', 'db1'].map(nameAlone);

test('content becomes text that reads back, with nothing changed and nobody reached', () => {
  const shown = previewConfig(now, { kind: 'policy', name: 'disk', content: disk }, nodes);
  assert.match(shown.text, /^kind: command\nname: disk\n/);
  assert.deepEqual(shown.content, disk);
  assert.deepEqual([shown.findings, shown.problem, shown.changes, shown.reach], [[], null, [], []]);
});

test('a fault says its line, and nothing else is said of such a text', () => {
  const text = 'kind: command\nname: disk\nevry: 5m\ncommand: [/usr/bin/true]\n';
  const shown = previewConfig(now, { kind: 'policy', name: 'disk', text }, nodes);
  assert.equal(shown.content, null);
  assert.equal(shown.findings[0]?.line, 3);
  assert.match(shown.findings[0]?.text ?? '', /^evry: is not a known key/);
  const renamed = previewConfig(now, { kind: 'policy', name: 'other', content: disk }, nodes);
  assert.match(renamed.findings[0]?.text ?? '', /calls itself disk, not other/);
});

test('a change says what becomes another, and which nodes would run something else', () => {
  const text = 'kind: command\nname: disk\ncommand: [/usr/bin/true]\nevery: 5m\n';
  const changed = previewConfig(now, { kind: 'policy', name: 'disk', text }, nodes);
  assert.deepEqual(changed.changes, ['every: (nothing) -> 5m']);
  assert.deepEqual(changed.reach, [
    { node: 'web1', gains: [], loses: [], changes: ['disk'] },
    { node: 'web2', gains: [], loses: [], changes: ['disk'] },
  ]);
  const group = { kind: 'node-group', name: 'web', content: { nodes: ['web1', 'db*'], policies: ['disk'] } };
  assert.deepEqual(previewConfig(now, { ...group, kind: 'node-group' }, nodes).reach, [
    { node: 'web2', gains: [], loses: ['disk'], changes: [] },
    { node: 'db1', gains: ['disk'], loses: [], changes: [] },
  ]);
});

test('what would be refused says why before it is asked for', () => {
  const content = { nodes: ['web*'], policies: ['none'] };
  const shown = previewConfig(now, { kind: 'node-group', name: 'web', content }, nodes);
  assert.match(shown.problem ?? '', /policy none/);
  assert.deepEqual(shown.reach, []);
});

test('nodes are reached by rules, labels and policy groups too', () => {
  const rules = [{ labels: { site: 'oslo' } }];
  const stand: Readonly<Record<string, unknown>> = {
    ...stored,
    [keys.policyGroup('base')]: { name: 'base', policies: [], groups: [], ...by },
    [keys.nodeGroup('oslo')]: { name: 'oslo', rules, policyGroups: ['base'], ...by },
  };
  const known = nowOf(stand);
  const filled = { kind: 'policy-group', name: 'base', content: { policies: ['disk'] } } as const;
  assert.deepEqual(previewConfig(known, filled, nodes).reach, [], 'nobody has the label');
  const label = { kind: 'node', name: 'db1', content: { labels: { site: 'oslo' } } } as const;
  assert.deepEqual(previewConfig(known, label, nodes).reach, []);
  const labelled = nowOf({
    ...stand,
    [keys.nodeAttributes('db1')]: { name: 'db1', labels: { site: 'oslo' }, ...by },
  });
  assert.deepEqual(previewConfig(labelled, filled, nodes).reach, [
    { node: 'db1', gains: ['disk'], loses: [], changes: [] },
  ]);
});

function nowOf(stands: Readonly<Record<string, unknown>>): ConfigNow {
  return new ConfigNow(
    {
      get: <Schema extends z.ZodType>(key: string, schema: Schema) =>
        stands[key] === undefined ? null : schema.parse(stands[key]),
      entries: <Schema extends z.ZodType>(prefix: string, schema: Schema) =>
        Object.entries(stands)
          .filter(([key]) => key.startsWith(prefix))
          .map(([key, value]) => ({ key, value: schema.parse(value) })),
      revisionOf: () => 7,
    },
    () => ({ servers: [] }),
  );
}
