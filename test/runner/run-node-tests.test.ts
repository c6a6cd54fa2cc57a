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

test('what was too slow is tried once more, alone; what is wrong is wrong, however often it is right', async () => {
  const once = (name: string, text: string) => `import { test } from 'node:test';
    import { existsSync, writeFileSync } from 'node:fs';
    const mark = new URL('./${name}.mark', import.meta.url);
    test('${name}', () => {
      if (existsSync(mark)) return;
      writeFileSync(mark, '');
      throw new Error('${text}');
    });`;
  const slow = await count({ 'a.test.mjs': once('slow', 'not within 5 ms: it is there') });
  assert.deepEqual(slow.counts, { passed: 1, failed: 0, skipped: 0 });
  assert.match(slow.said, /FAILED: slow/);
  assert.match(slow.said, /passed alone, the first time it was too slow: slow/);
  const wrong = await count({ 'a.test.mjs': once('wrong', 'two holders') });
  assert.deepEqual(wrong.counts, { passed: 0, failed: 1, skipped: 0 });
  const always = await count({
    'a.test.mjs': `import { test } from 'node:test'; test('always', () => { throw new Error('not within 5 ms: x'); });`,
  });
  assert.deepEqual(always.counts, { passed: 0, failed: 1, skipped: 0 });
});

test('no test files is a failure, not a silent nothing', async () => {
  const { counts, said } = await count({});
  assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 0 });
  assert.match(said, /no test files match/);
});
