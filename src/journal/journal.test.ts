import assert from 'node:assert/strict';
import { closeSync, openSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, beforeEach, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { codeOf, WatchError } from '../model/errors.ts';
import type { Entry, EntryBody } from '../model/entry.ts';
import {
  coreId,
  messageId,
  openTestStore,
  originNumber,
  rawEntry,
  testEntry,
  testFolder,
  testMessage,
  type TestStore,
} from '../messages/testing/test-store.ts';
import { encodeBody } from './body.ts';

const folder = testFolder();
after(() => folder.remove());
let store: TestStore;
let path: string;
let files = 0;
beforeEach(() => {
  path = join(folder.path, `${files++}.db`);
  store = openTestStore(path);
});
afterEach(() => store.close());

const node = coreId(50);
const other = originNumber(2);
const bodyOf = (...numbers: number[]): EntryBody<'messages'> => ({
  node,
  nodeName: 'db1',
  messages: numbers.map((number) => testMessage(number)),
});
const entry = (seq: number, origin = other): Entry =>
  testEntry({ origin, seq, hlc: 1_000 + seq }, 'messages', bodyOf(seq));
const append = (...numbers: number[]): Promise<Entry> =>
  store.journal.append({ kind: 'messages', body: encodeBody('messages', bodyOf(...numbers)) });

function reopen(): void {
  store.close();
  store = openTestStore(path);
}

async function rejectsWith(code: string, run: () => Promise<unknown>): Promise<void> {
  await assert.rejects(run, (error) => codeOf(error) === code);
}

test('entries of one turn share a transaction, and keep their order', async () => {
  const commits: number[] = [];
  store.journal.onCommit((entries) => commits.push(entries.length));
  const entries = await Promise.all([append(1), append(2), store.journal.receive([entry(1)]), append(3)]);
  assert.deepEqual(commits, [4]);
  assert.deepEqual(
    entries.map((stored) => stored?.seq),
    [1, 2, undefined, 3],
  );
  assert.deepEqual(store.journal.positions(), { [store.journal.origin]: 3, [other]: 1 });
});

test('what was stored is there after a restart, under a new origin and with higher stamps', async () => {
  const first = await append(1);
  await store.journal.receive([entry(1), entry(2)]);
  const { origin } = store.journal;
  const chain = store.journal.chainAt(other, 2);
  reopen();
  assert.notEqual(store.journal.origin, origin);
  assert.deepEqual(store.journal.positions(), { [origin]: 1, [other]: 2 });
  assert.deepEqual(Buffer.from(store.journal.chainAt(other, 2) ?? []), Buffer.from(chain ?? []));
  assert.notDeepEqual(store.journal.chainAt(other, 1), chain);
  assert.equal(store.messages.counts().total, 2);
  const second = await append(3);
  assert.equal(second.seq, 1);
  assert.ok(second.hlc > first.hlc);
  assert.deepEqual(
    store.journal.read(other, 0, 1_000_000).map(({ seq }) => seq),
    [1, 2],
  );
  store.journal.verify('full');
});

test('known entries are skipped, our own of earlier runs too', async () => {
  await append(1);
  const [own] = store.journal.read(store.journal.origin, 0, 0);
  assert.ok(own);
  reopen();
  await store.journal.receive([own]);
  await store.journal.receive([entry(1)]);
  await store.journal.receive([entry(1), entry(2)]);
  assert.equal(store.journal.positions()[other], 2);
  assert.deepEqual(store.damage, []);
});

test('a gap and a damaged entry are refused as a whole', async () => {
  await rejectsWith('WK_CONFLICT', () => store.journal.receive([entry(1), entry(3)]));
  await rejectsWith('WK_DAMAGED', () =>
    store.journal.receive([entry(1), { ...entry(2), body: entry(3).body }]),
  );
  assert.deepEqual(store.journal.positions(), {});
  assert.equal(store.messages.counts().total, 0);
});

test('two entries of one number are damage, and an entry of this very run from elsewhere is refused', async () => {
  await store.journal.receive([entry(1)]);
  await store.journal.receive([
    testEntry({ origin: other, seq: 1, hlc: 1_001 }, 'messages', bodyOf(9)),
    entry(2),
  ]);
  assert.equal(store.damage[0]?.seq, 1);
  assert.equal(store.journal.positions()[other], 2);
  await rejectsWith('WK_DAMAGED', () => store.journal.receive([entry(1, store.journal.origin)]));
});

test('an unknown kind is stored and forwarded, and applied by the version that knows it', async () => {
  const body = encodeBody('messages', bodyOf(1));
  await store.journal.receive([rawEntry({ origin: other, seq: 1, hlc: 5 }, 'novelties', body), entry(2)]);
  assert.equal(store.journal.unapplied()[0]?.kind, 'novelties');
  assert.equal(store.journal.read(other, 0, 1_000_000).length, 2);
  assert.deepEqual(store.damage, []);
  // As if the entry had been made under a kind that this version has learned since.
  const learned = testEntry({ origin: other, seq: 1, hlc: 5 }, 'messages', bodyOf(1));
  store.database
    .prepare("UPDATE journal SET kind = 'messages', checksum = ? WHERE hlc = 5")
    .run(learned.checksum);
  reopen();
  assert.deepEqual(store.journal.unapplied(), []);
  assert.ok(store.messages.get(messageId(1)));
});

test('a body that does not fit its schema is stored, marked and reported, and stops nothing', async () => {
  const bad = zstdCompressSync(JSON.stringify({ node, nodeName: 'db1', messages: [{ id: 'no' }] }));
  const garbage = Buffer.from('not even compressed');
  await store.journal.receive([
    rawEntry({ origin: other, seq: 1, hlc: 5 }, 'messages', bad),
    rawEntry({ origin: other, seq: 2, hlc: 6 }, 'messages', garbage),
    entry(3),
  ]);
  assert.equal(store.damage.length, 2);
  assert.match(store.damage[0]?.text ?? '', /messages\.0/);
  assert.equal(store.journal.unapplied().length, 2);
  assert.equal(store.messages.counts().total, 1);
  assert.equal(store.journal.read(other, 0, 1_000_000).length, 3);
});

test('a stamp far ahead is stored but does not pull our clock along', async () => {
  const far = Date.now() * 1_000 + 3_600_000_000;
  await store.journal.receive([testEntry({ origin: other, seq: 1, hlc: far }, 'messages', bodyOf(1))]);
  assert.ok(store.journal.nextHlc() < far);
  reopen();
  assert.ok(store.journal.nextHlc() < far);
});

test('a full disk rejects, changes nothing, and everything goes on when there is room again', async () => {
  await append(1);
  const hash = store.messages.stateHash();
  const pages = Number(store.database.prepare('PRAGMA page_count').get()?.page_count);
  store.database.exec(`PRAGMA max_page_count = ${pages}`);
  const many = Array.from({ length: 2_000 }, (_, index) => index + 10);
  const failed = await Promise.allSettled([append(...many), store.journal.receive([entry(1)])]);
  assert.deepEqual(
    failed.map((result) => result.status === 'rejected' && codeOf(result.reason)),
    ['WK_DISK_FULL', 'WK_DISK_FULL'],
  );
  assert.deepEqual(store.journal.positions(), { [store.journal.origin]: 1 });
  assert.equal(store.messages.stateHash(), hash);
  assert.equal(store.messages.counts().total, 1);
  store.database.exec('PRAGMA max_page_count = 1000000');
  assert.equal((await append(2)).seq, 2);
  assert.equal(store.messages.recomputeStateHash(), store.messages.stateHash());
  assert.deepEqual(store.failures, []);
});

test('a failed disk is reported, and the journal takes nothing more', async () => {
  const failing = new WatchError('WK_DISK_FAILED', 'fsync failed');
  store.database.transaction = () => {
    throw failing;
  };
  await rejectsWith('WK_DISK_FAILED', () => append(1));
  assert.deepEqual(store.failures, [failing]);
  await rejectsWith('WK_UNAVAILABLE', () => append(2));
});

test('a disk that fails while it is trimmed or probed is as bad as one that fails under a commit', async () => {
  await append(1);
  const failing = new WatchError('WK_DISK_FAILED', 'fsync failed');
  store.database.transaction = () => {
    throw failing;
  };
  assert.throws(() => store.journal.trim(store.journal.origin, 1), { code: 'WK_DISK_FAILED' });
  assert.deepEqual(store.failures, [failing]);
  await rejectsWith('WK_UNAVAILABLE', () => append(2));
});

test('a queue that is full of our own still takes the entries of other servers', async () => {
  const own = Promise.allSettled(Array.from({ length: 4_200 }, (_, index) => append(index)));
  await store.journal.receive([entry(1)]);
  assert.equal(store.journal.positions()[other], 1);
  await own;
});

test('a full queue refuses with WK_OVERLOADED', async () => {
  const results = await Promise.allSettled(Array.from({ length: 4_200 }, (_, index) => append(index)));
  const refused = results.filter(({ status }) => status === 'rejected');
  assert.equal(refused.length, 4_200 - 4_096);
  assert.ok(
    refused.every((result) => result.status === 'rejected' && codeOf(result.reason) === 'WK_OVERLOADED'),
  );
});

test('a damaged row is found when it is read, and by the check', async () => {
  await store.journal.receive([entry(1), entry(2)]);
  store.database.exec("UPDATE journal SET body = x'00' WHERE hlc = 1002");
  assert.throws(
    () => store.journal.read(other, 0, 1_000_000),
    (error) => codeOf(error) === 'WK_DAMAGED',
  );
  assert.equal(store.damage.length, 1);
  assert.throws(() => store.journal.verify('quick'), /missing or damaged/);
  store.database.exec('DELETE FROM journal WHERE hlc = 1001');
  assert.throws(() => store.journal.verify('full'), /missing or damaged/);
});

test('a truncated file, and one with garbage in its middle, are WK_DAMAGED', async () => {
  await append(...Array.from({ length: 3_000 }, (_, index) => index));
  store.close();
  const whole = statSync(path).size;
  const file = openSync(path, 'r+');
  for (let page = 0; page < whole / 4_096; page++)
    writeSync(file, Buffer.alloc(64, 0x5a), 0, 64, page * 4_096 + 120);
  closeSync(file);
  const isDamage = (error: unknown): boolean => codeOf(error) === 'WK_DAMAGED';
  assert.throws(() => openTestStore(path).journal.verify('full'), isDamage);
  truncateSync(path, Math.floor(whole / 2));
  assert.throws(() => openTestStore(path), isDamage);
  path = join(folder.path, `${files++}.db`);
  store = openTestStore(path);
});

test('trimmed entries are gone, and asking for them says so', async () => {
  await store.journal.receive([1, 2, 3, 4].map((seq) => entry(seq)));
  store.journal.trim(other, 2);
  assert.equal(store.journal.firstKept(other), 3);
  await rejectsWith('WK_NOT_FOUND', async () => store.journal.read(other, 0, 1_000_000));
  assert.deepEqual(
    store.journal.read(other, 2, 0).map(({ seq }) => seq),
    [3],
  );
  reopen();
  assert.equal(store.journal.firstKept(other), 3);
  await store.journal.receive([entry(2), entry(5)]);
  assert.equal(store.journal.positions()[other], 5);
  store.journal.verify('full');
});

test('notes of this server alone are kept', () => {
  assert.equal(store.journal.local('name'), null);
  store.journal.setLocal('name', 'one');
  store.journal.setLocal('name', 'two');
  reopen();
  assert.equal(store.journal.local('name'), 'two');
});
