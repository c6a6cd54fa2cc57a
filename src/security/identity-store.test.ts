import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WatchError } from '../model/errors.ts';
import type { Files } from '../runtime/files.ts';
import type { Credentials } from '../runtime/network.ts';
import { agentStore, identityFileStore, readAgentCredentials } from './identity-store.ts';
import { parseIdentityFile, writeIdentityFile } from './identity-file.ts';
import { TestPool } from './test-pool.ts';

const pool = await TestPool.make();
const identity = pool.identity('agent');
const [old, next] = await Promise.all([pool.credentials(identity), pool.credentials(identity)]);
const paths = { key: '/k', certificate: '/c', authorities: '/a' };

/** Files in memory whose power is cut after so many changes. */
function memoryFiles(kept = new Map<string, { text: string; mode: number }>()) {
  let changesLeft = Number.POSITIVE_INFINITY;
  const change = (act: () => void): Promise<void> => {
    if (changesLeft <= 0) return Promise.reject(new WatchError('WK_DISK_FAILED', 'cut'));
    changesLeft -= 1;
    act();
    return Promise.resolve();
  };
  const files = {
    status: (path: string) => {
      const found = kept.get(path);
      const rest = { device: 0, inode: 0, modifiedMs: 0, userId: 0 };
      return Promise.resolve(
        found ? { kind: 'file' as const, mode: found.mode, sizeBytes: found.text.length, ...rest } : null,
      );
    },
    readText: (path: string) => {
      const found = kept.get(path);
      return found ? Promise.resolve(found.text) : Promise.reject(new WatchError('WK_NOT_FOUND', path));
    },
    writeAtomic: (path: string, content: string | Uint8Array, mode: number) =>
      change(() => void kept.set(path, { text: String(content), mode })),
    remove: (path: string) => change(() => void kept.delete(path)),
  } satisfies Partial<Files>;
  return { files, kept, cutAfter: (changes: number) => (changesLeft = changes) };
}

function asJoined(credentials: Credentials) {
  const put = (text: string, mode = 0o600) => ({ text, mode });
  return new Map([
    ['/k', put(credentials.keyPem)],
    ['/c', put(credentials.certificatePem)],
    ['/a', put(credentials.authorityPems.join(''))],
  ]);
}

test('wherever power is lost while an agent takes a new certificate, one valid pair is there', async () => {
  const seen = new Set<string>();
  for (let changes = 0; changes < 6; changes++) {
    const { files, cutAfter } = memoryFiles(asJoined(old));
    cutAfter(changes);
    const done = await agentStore(files, paths)
      .replace(next)
      .then(
        () => true,
        () => false,
      );
    cutAfter(Number.POSITIVE_INFINITY);
    const { certificatePem, keyPem } = await readAgentCredentials(files, paths);
    const which = certificatePem.trim() === next.certificatePem.trim() ? next : old;
    assert.equal(keyPem.trim(), which.keyPem.trim());
    if (done) assert.equal(which, next);
    seen.add(which === next ? 'next' : 'old');
  }
  assert.deepEqual([...seen], ['old', 'next']);
});

test('the next key is on the disk, private, before it is used, and stays the same until it was', async () => {
  const { files, kept } = memoryFiles(asJoined(old));
  const store = agentStore(files, paths);
  const first = await store.nextKey();
  assert.equal(kept.get('/k.next')?.mode, 0o600);
  assert.deepEqual(await agentStore(files, paths).nextKey(), first);
  await store.replace(next);
  assert.equal(kept.has('/k.next'), false);
  assert.notDeepEqual(await store.nextKey(), first);
  kept.set('/k.next', { text: 'half a k', mode: 0o600 });
  assert.match((await store.nextKey()).keyPem, /PRIVATE KEY/);
});

test('what is renewed is private: the key, and whom to believe', async () => {
  const { files, kept } = memoryFiles(asJoined(old));
  await agentStore(files, paths).replace(next);
  assert.deepEqual([kept.get('/k')?.mode, kept.get('/a')?.mode], [0o600, 0o600]);
  kept.set('/k', { text: next.keyPem, mode: 0o640 });
  await assert.rejects(readAgentCredentials(files, paths), { code: 'WK_DENIED', message: /chmod 600/ });
});

test('a key and a certificate that do not belong together are said to be so', async () => {
  const { files, kept } = memoryFiles(asJoined(old));
  kept.set('/c', { text: next.certificatePem, mode: 0o644 });
  await assert.rejects(readAgentCredentials(files, paths), { code: 'WK_CONFIG', message: /\/c: is not the/ });
  for (const path of ['/k', '/a']) {
    const broken = memoryFiles(asJoined(old));
    broken.kept.set(path, { text: 'nothing', mode: 0o600 });
    await assert.rejects(readAgentCredentials(broken.files, paths), { code: 'WK_CONFIG' });
  }
});

test("a server's one file is replaced as one", async () => {
  const { files, kept } = memoryFiles();
  const store = identityFileStore(files, '/i', (credentials) => writeIdentityFile(files, '/i', credentials));
  await writeIdentityFile(files, '/i', old);
  await store.nextKey();
  await store.replace(next);
  assert.deepEqual([...kept.keys()], ['/i']);
  assert.equal(parseIdentityFile(kept.get('/i')?.text ?? '', '/i').credentials.keyPem, next.keyPem);
});
