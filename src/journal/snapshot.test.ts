import assert from 'node:assert/strict';
import { copyFileSync, existsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { codeOf } from '../model/errors.ts';
import { MessageStore } from '../messages/message-store.ts';
import {
  coreId,
  messageId,
  openTestStore,
  originNumber,
  testEntry,
  testFolder,
  testMessage,
} from '../messages/testing/test-store.ts';
import { nodeClock, nodeTimers } from '../runtime/node/clock.ts';
import { nodeDatabases } from '../runtime/node/database.ts';
import { nodeFiles } from '../runtime/node/files.ts';
import { nodeRandom } from '../runtime/node/random.ts';
import { installSnapshot, type InstallOptions, type InstallResult } from './snapshot.ts';

const folder = testFolder();
after(() => folder.remove());
let files = 0;

const entry = (server: number, seq: number) =>
  testEntry({ origin: originNumber(server), seq, hlc: 1_000 * seq + server }, 'messages', {
    node: coreId(50),
    nodeName: 'db1',
    messages: [testMessage(server * 100 + seq)],
  });

/** Ours has 1 to 3 of server 2 and 1 to 2 of server 4; the snapshot 1 to 5 of server 2 and 1 of server 3. */
async function setUp(): Promise<{ databasePath: string; snapshotPath: string }> {
  const number = files++;
  const databasePath = join(folder.path, `${number}.db`);
  const snapshotPath = join(folder.path, `${number}.snapshot`);
  const theirs = openTestStore(join(folder.path, `${number}.theirs`), 3);
  theirs.journal.setLocal('who', 'theirs');
  await theirs.journal.receive([1, 2, 3, 4, 5].map((seq) => entry(2, seq)));
  await theirs.journal.receive([entry(3, 1)]);
  await theirs.database.backup(snapshotPath);
  theirs.close();
  const ours = openTestStore(databasePath, 1);
  ours.journal.setLocal('who', 'ours');
  await ours.journal.receive([1, 2, 3].map((seq) => entry(2, seq)));
  await ours.journal.receive([1, 2].map((seq) => entry(4, seq)));
  ours.close();
  return { databasePath, snapshotPath };
}

function install(
  paths: { databasePath: string; snapshotPath: string },
  changes: Partial<InstallOptions['runtime']> = {},
): Promise<InstallResult> {
  return installSnapshot({
    ...paths,
    coreId: coreId(1),
    openApplier: (database) => MessageStore.open(database),
    tablesKept: ['notes'],
    runtime: {
      databases: nodeDatabases,
      files: nodeFiles,
      clock: nodeClock,
      timers: nodeTimers,
      random: nodeRandom,
      ...changes,
    },
  });
}

function assertMerged(databasePath: string): void {
  const store = openTestStore(databasePath, 1);
  assert.deepEqual(store.journal.positions(), {
    [originNumber(2)]: 5,
    [originNumber(3)]: 1,
    [originNumber(4)]: 2,
  });
  assert.equal(store.messages.counts().total, 8);
  assert.ok(store.messages.get(messageId(402)));
  assert.equal(store.messages.recomputeStateHash(), store.messages.stateHash());
  assert.equal(store.journal.local('who'), 'ours');
  store.journal.verify('full');
  store.close();
}

test('a snapshot brings what we lack and keeps what only we have, and our local notes', async () => {
  const paths = await setUp();
  assert.deepEqual(await install(paths), { result: 'installed', entriesKept: 2 });
  assertMerged(paths.databasePath);
  assert.deepEqual(await install(paths), { result: 'nothing to install' });
});

test('what is kept outside the journal stays ours where we have any, else comes along', async () => {
  const notesOf = async (paths: { databasePath: string; snapshotPath: string }): Promise<unknown[]> => {
    assert.equal((await install(paths)).result, 'installed');
    const store = openTestStore(paths.databasePath, 1);
    const rows = store.database.prepare('SELECT text FROM notes').all<{ text: string }>();
    store.close();
    return rows.map(({ text }) => text);
  };
  const write = (path: string, notes: string): void => {
    const store = openTestStore(path, 1);
    store.database.exec(`CREATE TABLE notes (text TEXT)${notes}`);
    store.close();
  };
  const both = await setUp();
  write(both.snapshotPath, "; INSERT INTO notes VALUES ('theirs, older')");
  write(both.databasePath, "; INSERT INTO notes VALUES ('ours, newer')");
  assert.deepEqual(await notesOf(both), ['ours, newer']);
  const empty = await setUp();
  write(empty.snapshotPath, "; INSERT INTO notes VALUES ('theirs')");
  write(empty.databasePath, '');
  assert.deepEqual(await notesOf(empty), ['theirs']);
  const bare = await setUp();
  write(bare.databasePath, "; INSERT INTO notes VALUES ('ours')");
  assert.deepEqual(await notesOf(bare), ['ours']);
});

test('interrupted before the rename, it is done again from the start', async () => {
  const paths = await setUp();
  const rename = (): Promise<void> => Promise.reject(new Error('power cut'));
  await assert.rejects(install(paths, { files: { ...nodeFiles, rename } }), /power cut/);
  assert.deepEqual(await install(paths), { result: 'installed', entriesKept: 0 });
  assertMerged(paths.databasePath);
});

test('a truncated snapshot and one of garbage are refused and removed; ours stays', async () => {
  const spoil = [
    (path: string) => truncateSync(path, 20_480),
    (path: string) => writeFileSync(path, 'garbage '.repeat(10_000)),
  ];
  for (const one of spoil) {
    const paths = await setUp();
    one(paths.snapshotPath);
    assert.equal((await install(paths)).result, 'refused');
    assert.equal(existsSync(paths.snapshotPath), false);
    const store = openTestStore(paths.databasePath, 1);
    assert.equal(store.messages.counts().total, 5);
    store.close();
  }
});

test('a snapshot that lacks what was trimmed here is refused', async () => {
  const paths = await setUp();
  const ours = openTestStore(paths.databasePath, 1);
  ours.journal.trim(originNumber(4), 1);
  ours.close();
  const result = await install(paths);
  assert.equal(result.result, 'refused');
});

test('a damaged database of ours is said, and leaves the snapshot for when that is moved aside', async () => {
  const paths = await setUp();
  const whole = `${paths.databasePath}.whole`;
  copyFileSync(paths.databasePath, whole);
  truncateSync(paths.databasePath, 20_480);
  await assert.rejects(install(paths), (error) => codeOf(error) === 'WK_DAMAGED');
  assert.equal(existsSync(paths.snapshotPath), true);
  copyFileSync(whole, paths.databasePath);
  assert.equal((await install(paths)).result, 'installed');
  assertMerged(paths.databasePath);
});

test('on a server without a database the snapshot is it, without the notes of its maker', async () => {
  const paths = await setUp();
  const databasePath = `${paths.databasePath}.new`;
  assert.deepEqual(await install({ ...paths, databasePath }), { result: 'installed', entriesKept: 0 });
  const store = openTestStore(databasePath, 1);
  assert.equal(store.journal.local('who'), null);
  assert.equal(store.messages.counts().total, 6);
  store.close();
});
