import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { codeOf } from '../../model/errors.ts';
import { nodeFiles as files } from './files.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wk-files-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const hasCode = (code: string) => (error: unknown) => codeOf(error) === code;

test('writeAtomic replaces the whole content, sets the mode and leaves nothing else behind', async () => {
  const path = join(folder, 'atomic');
  await files.writeAtomic(path, 'one', 0o600);
  await files.writeAtomic(path, new TextEncoder().encode('two'), 0o640);
  assert.equal(await files.readText(path), 'two');
  assert.equal((await files.status(path))?.mode, 0o640);
  assert.deepEqual(await files.list(folder), ['atomic']);
});

test('an open file follows its inode through a rename and sees what is appended later', async () => {
  const path = join(folder, 'log');
  await files.append(path, Buffer.from('abc'), { mode: 0o600, sync: false });
  const file = await files.open(path);
  await files.rename(path, `${path}.1`);
  await files.append(`${path}.1`, Buffer.from('def'), { mode: 0o600, sync: true });
  assert.equal(Buffer.from(await file.read(2, 100)).toString(), 'cdef');
  assert.equal((await file.read(6, 100)).length, 0);
  assert.equal((await file.status()).sizeBytes, 6);
  await file.close();
});

test('what is not there, and what is not a file, is said in our codes with the path', async () => {
  const path = join(folder, 'nothing', 'here');
  assert.equal(await files.status(path), null);
  await assert.rejects(files.open(path), hasCode('WK_NOT_FOUND'));
  await assert.rejects(files.readText(path), (error: Error) => error.message.startsWith(path));
  await assert.rejects(files.writeAtomic(path, 'x', 0o600), hasCode('WK_NOT_FOUND'));
  await assert.rejects(files.readText(folder), hasCode('WK_DISK_FAILED'));
  await files.remove(path);
});

test('a pipe without a writer does not block, and is not a file', async () => {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const file = await files.open(path);
  assert.equal((await file.status()).kind, 'other');
  await file.close();
});

test('a file larger than what the caller takes is refused before it is read', async () => {
  const path = join(folder, 'large');
  await files.append(path, new Uint8Array(100), { mode: 0o600, sync: false });
  await assert.rejects(files.readText(path, 99), hasCode('WK_TOO_LARGE'));
});

test('folders, free space and symbolic links', async () => {
  await files.makeDirectory(join(folder, 'a', 'b'), 0o700);
  assert.equal((await files.status(join(folder, 'a')))?.kind, 'directory');
  await symlink(join(folder, 'a'), join(folder, 'link'));
  assert.equal((await files.status(join(folder, 'link')))?.kind, 'directory');
  assert.ok((await files.freeBytes(folder)) > 0);
  await files.remove(join(folder, 'a'));
  assert.equal(await files.status(join(folder, 'a')), null);
});

test('a full disk is WK_DISK_FULL', { skip: process.platform !== 'linux' && 'needs /dev/full' }, async () => {
  await assert.rejects(
    files.append('/dev/full', Buffer.from('x'), { mode: 0o600, sync: false }),
    hasCode('WK_DISK_FULL'),
  );
});
