import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { runNodeTests } from './run-node-tests.ts';

async function count(files: Readonly<Record<string, string>>): Promise<{ counts: object; said: string }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'watchkeeper-runner-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const said: string[] = [];
  const counts = await runNodeTests(
    { patterns: [`${folder}/*.test.mjs`], timeoutMs: 20_000, concurrency: 1 },
    { quick: false, say: (line) => said.push(line) },
  );
  rmSync(folder, { recursive: true });
  return { counts, said: said.join('\n') };
}

test('passes, failures and skips are counted once each, nested ones too', async () => {
  const { counts, said } = await count({
    'a.test.mjs': `import { describe, test } from 'node:test';
      test('one', () => {});
      describe('group', () => { test('two', () => {}); test('three', () => { throw new Error('because of that'); }); });
      test('parent', async (t) => { await t.test('four', () => { throw new Error('deep'); }); });
      test('five', { skip: 'no strace here' }, () => {});`,
  });
  assert.deepEqual(counts, { passed: 2, failed: 2, skipped: 1 });
  assert.match(said, /FAILED: three .*a\.test\.mjs:3/);
  assert.match(said, /because of that/);
  assert.match(said, /skipped: five: no strace here/);
});

test('a file that cannot be loaded is a failure', async () => {
  const { counts } = await count({ 'a.test.mjs': `import './not-there.mjs';` });
  assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 0 });
});

test('no test files is a failure, not a silent nothing', async () => {
  const { counts, said } = await count({});
  assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 0 });
  assert.match(said, /no test files match/);
});
