import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { z } from 'zod';
import { keys } from '../model/definitions.ts';
import { ConfigNow } from './config-now.ts';
import { previewConfig } from './preview-config.ts';

const by = { changedMs: 1, by: 'ann' };
const disk = { kind: 'command', name: 'disk', command: ['/usr/bin/true'] };
const stored: Readonly<Record<string, unknown>> = {
  [keys.policy('disk')]: { name: 'disk', source: disk, ...by },
  [keys.nodeGroup('web')]: { name: 'web', nodes: ['web*'], policies: ['disk'], ...by },
};
const now = new ConfigNow(
  {
    get: <Schema extends z.ZodType>(key: string, schema: Schema) =>
      stored[key] === undefined ? null : schema.parse(stored[key]),
    entries: <Schema extends z.ZodType>(prefix: string, schema: Schema) =>
      Object.entries(stored)
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => ({ key, value: schema.parse(value) })),
    revisionOf: () => 7,
  },
  () => ({ servers: [] }),
);
const nodes = ['web1', 'web2', 'db1'];

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
