import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../runtime/node/files.ts';
import { readAuthorityFile, writeAuthorityFile } from './authority-file.ts';
import { TestPool } from './test-pool.ts';

test('an authority is written, read again, and refused when it is none', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'wk-authority-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'authority.pem');
  const { authority } = await TestPool.make();
  await writeAuthorityFile(nodeFiles, path, authority);
  assert.deepEqual(await readAuthorityFile(nodeFiles, path), authority);
  await writeFile(path, authority.certificatePem);
  await assert.rejects(readAuthorityFile(nodeFiles, path), { code: 'WK_CONFIG' });
  await assert.rejects(readAuthorityFile(nodeFiles, `${path}.not`), { code: 'WK_NOT_FOUND' });
});
