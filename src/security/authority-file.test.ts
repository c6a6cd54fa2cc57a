import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { WatchError } from '../model/errors.ts';
import type { CommandCall } from '../runtime/commands.ts';
import { nodeFiles } from '../runtime/node/files.ts';
import { nodeRandom } from '../runtime/node/random.ts';
import {
  readAuthorityFile,
  sealAuthorityFile,
  writeAuthorityFile,
  writePlainAuthority,
  type AuthorityFilePorts,
} from './authority-file.ts';
import { sealName, sealPath } from './machine-seal.ts';
import { TestPool } from './test-pool.ts';

const { authority } = await TestPool.make();
const secret = 'c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldA==';

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'wk-authority-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

/** A machine whose systemd gives a unit this folder, and answers `systemd-creds` so. */
function machine(
  credentialsFolder: string | null,
  creds?: (call: CommandCall) => { exitCode: number; stdout: string; stderr: string },
): AuthorityFilePorts {
  const files: AuthorityFilePorts['files'] = {
    ...nodeFiles,
    status: async (path) =>
      path === sealPath ? (creds ? nodeFiles.status('/') : null) : nodeFiles.status(path),
  };
  const run: AuthorityFilePorts['commands']['run'] = (call) =>
    creds === undefined
      ? Promise.reject(new WatchError('WK_NOT_FOUND', `${call.file}: not installed`))
      : Promise.resolve({ timedOut: false, cut: false, ...creds(call) });
  return { files, random: nodeRandom, commands: { credentialsFolder, run } };
}

const plain = machine(null);

test('an authority is written, read again, and refused when it is none', async (t) => {
  const path = join(await folderFor(t), 'authority.pem');
  await writeAuthorityFile(plain, path, authority);
  assert.match(await readFile(path, 'utf8'), /BEGIN PRIVATE KEY/);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readAuthorityFile(plain, path), authority);
  await writeFile(path, authority.certificatePem);
  await assert.rejects(readAuthorityFile(plain, path), { code: 'WK_CONFIG' });
  await assert.rejects(readAuthorityFile(plain, `${path}.not`), { code: 'WK_NOT_FOUND' });
});

test('with a credential of systemd the key is encrypted, and what was plain becomes so', async (t) => {
  const folder = await folderFor(t);
  const path = join(folder, 'authority.pem');
  await writePlainAuthority(nodeFiles, path, authority);
  await writeFile(join(folder, sealName), secret, { mode: 0o400 });
  const unit = machine(folder);
  assert.deepEqual(await readAuthorityFile(unit, path), authority);
  assert.equal(await sealAuthorityFile(plain, path), false);
  assert.equal(await sealAuthorityFile(unit, path), true);
  assert.equal(await sealAuthorityFile(unit, path), false);
  const text = await readFile(path, 'utf8');
  assert.doesNotMatch(text, /PRIVATE KEY/);
  assert.ok(!text.includes(authority.keyPem.split('\n')[1] ?? assert.fail()));
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readAuthorityFile(unit, path), authority);
  // Root in a shell has it opened, under the name that it was encrypted for.
  const asked: string[][] = [];
  const shell = machine(null, ({ file, args }) => {
    asked.push([file, ...args]);
    return { exitCode: 0, stdout: `${secret}\n`, stderr: '' };
  });
  assert.deepEqual(await readAuthorityFile(shell, path), authority);
  assert.deepEqual(await readAuthorityFile(shell, path), authority);
  assert.deepEqual(asked, [['systemd-creds', 'decrypt', `--name=${sealName}`, sealPath, '-']]);
});

test('an encrypted key that cannot be opened here says what to do', async (t) => {
  const folder = await folderFor(t);
  const path = join(folder, 'authority.pem');
  await writeFile(join(folder, sealName), secret);
  await writeAuthorityFile(machine(folder), path, authority);
  await assert.rejects(readAuthorityFile(plain, path), {
    code: 'WK_DENIED',
    message: /not on this machine.*LoadCredentialEncrypted=watchkeeper.seal/,
  });
  const user = machine(null, () => ({ exitCode: 1, stdout: '', stderr: 'a\nPermission denied\n' }));
  await assert.rejects(readAuthorityFile(user, path), { code: 'WK_DENIED', message: /Permission denied/ });
  const other = await folderFor(t);
  await writeFile(join(other, sealName), `${secret}x`);
  await assert.rejects(readAuthorityFile(machine(other), path), { code: 'WK_CONFIG', message: /backup/ });
  // Too short to be a secret: nothing is encrypted with it.
  await writeFile(join(other, sealName), 'short');
  await writeAuthorityFile(machine(other), join(other, 'authority.pem'), authority);
  assert.deepEqual(await readAuthorityFile(plain, join(other, 'authority.pem')), authority);
  // Whoever may not open it writes plain: the server encrypts it when it starts.
  await writeAuthorityFile(user, join(other, 'again.pem'), authority);
  assert.match(await readFile(join(other, 'again.pem'), 'utf8'), /BEGIN PRIVATE KEY/);
});
