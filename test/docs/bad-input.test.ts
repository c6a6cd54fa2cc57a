import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../runner/run-program.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

test('every row of docs/bad-input.md names tests that are there', () => {
  const rows = read('docs/bad-input.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (---|what )/.test(line));
  assert.ok(rows.length > 30);
  for (const row of rows) {
    const shown = row.split(' | ').at(-1) ?? '';
    const files = [...shown.matchAll(/`(?<path>[^`]+)` (?<names>(?:"[^"]+"(?:, )?)+)/g)];
    assert.ok(files.length > 0, `no test: ${row}`);
    for (const { groups } of files)
      for (const [, name = ''] of (groups?.names ?? '').matchAll(/"([^"]+)"/g))
        assert.ok(read(groups?.path ?? '').includes(name), `${groups?.path} has no test "${name}"`);
  }
});
