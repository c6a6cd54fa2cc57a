import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFiles } from '../runtime/node/files.ts';
import { readIdentityFile, writeIdentityFile } from './identity-file.ts';
import { TestPool } from './test-pool.ts';

test('what is written is read again, and only its owner may read it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'wk-identity-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'ann.pem');
  const pool = await TestPool.make();
  const identity = pool.identity('user');
  const credentials = await pool.credentials(identity);
  await writeIdentityFile(nodeFiles, path, credentials);
  assert.equal((await nodeFiles.status(path))?.mode, 0o600);
  const read = await readIdentityFile(nodeFiles, path);
  assert.deepEqual(read.identity, identity);
  assert.equal(read.name, 'user');
  assert.deepEqual(read.credentials, credentials);

  await chmod(path, 0o640);
  await assert.rejects(readIdentityFile(nodeFiles, path), { code: 'WK_DENIED', message: /chmod 600/ });
  await chmod(path, 0o600);
  await assert.rejects(readIdentityFile(nodeFiles, `${path}.not`), { code: 'WK_NOT_FOUND' });
  const other = await pool.credentials(identity);
  for (const text of [
    other.keyPem + credentials.certificatePem + pool.authority.certificatePem,
    '',
    'no pem',
    credentials.keyPem,
    credentials.keyPem + pool.authority.certificatePem.repeat(2),
  ]) {
    await writeFile(path, text);
    await assert.rejects(readIdentityFile(nodeFiles, path), { code: 'WK_CONFIG' }, text);
  }
  const broken = credentials.certificatePem.replace('MII', 'MIX');
  await writeFile(path, credentials.keyPem + broken + broken);
  await assert.rejects(readIdentityFile(nodeFiles, path), { code: 'WK_CONFIG', message: /cannot be read/ });
});
