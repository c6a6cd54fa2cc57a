import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { after, test } from 'node:test';
import { encodeBody } from '../journal/body.ts';
import type { EntryBody, EntryKind } from '../model/entry.ts';
import { isInScope, type Scope } from '../model/rights.ts';
import { coreId, messageId, openTestStore, testFolder, testMessage } from './testing/test-store.ts';

const folder = testFolder();
after(() => folder.remove());
const store = openTestStore(join(folder.path, 'counts.db'));
after(() => store.close());

async function append<K extends EntryKind>(kind: K, body: EntryBody<K>): Promise<void> {
  await store.journal.append({ kind, body: encodeBody(kind, body) }, body);
}

async function report(from: number, count: number): Promise<void> {
  for (const node of [0, 1]) {
    const messages = Array.from({ length: count }, (_, at) => {
      const number = from + 2 * at + node;
      return testMessage(number, number % 3 === 0 ? {} : { group: `g${number % 3}` });
    });
    await append('messages', { node: coreId(50 + node), nodeName: node === 0 ? 'web' : 'db', messages });
  }
}

async function acknowledge(numbers: readonly number[]): Promise<void> {
  const operations = numbers.map((number) => ({
    id: messageId(900_000 + number),
    message: messageId(number),
    kind: 'acknowledge' as const,
    by: 'ann',
    hlc: store.journal.nextHlc(),
  }));
  await append('operations', { operations });
}

function expected(scope: Scope): { open: number; acknowledged: number } {
  const all = [];
  for (let cursor: string | null = 'ffffffff-ffff-7fff-bfff-ffffffffffff'; cursor !== null;) {
    const page = store.messages.page({ order: 'newest', limit: 1_000, cursor });
    all.push(...page.messages.filter((view) => isInScope(scope, view)));
    cursor = page.next;
  }
  const acknowledged = all.filter(({ state }) => state === 'acknowledged').length;
  return { open: all.length - acknowledged, acknowledged };
}

const scopes: readonly Scope[] = [
  null,
  [],
  [{ nodes: ['web'] }],
  [{ groups: ['g1'] }],
  [
    { nodes: ['d*'], groups: ['g2'] },
    { nodes: ['web'], groups: ['g1', 'none'] },
  ],
];

async function assertCounts(pause: () => Promise<void> = turn): Promise<void> {
  for (const scope of scopes) {
    const { open, acknowledged, total } = await store.messages.countsWithin(scope, pause);
    assert.deepEqual({ open: open.major, acknowledged: acknowledged.major }, expected(scope));
    assert.equal(total, open.major + acknowledged.major);
  }
}

test('counts of what may be seen follow what comes and what is done, also while they are first counted', async () => {
  await report(1, 4_500);
  let between = 0;
  await assertCounts(async () => {
    // Both in rows that are counted already and in rows that are not.
    if (between++ === 0) {
      await report(20_001, 300);
      await acknowledge([1, 2, 3, 8_900, 20_005]);
    }
  });
  assert.ok(between > 1, 'it was counted in several goes');
  await report(30_001, 50);
  await acknowledge([4, 5, 30_010]);
  await assertCounts();
});

test('and begin anew after a transaction that was undone', async () => {
  const pages = Number(store.database.prepare('PRAGMA page_count').get()?.page_count);
  store.database.exec(`PRAGMA max_page_count = ${pages}`);
  await assert.rejects(report(50_001, 4_000));
  store.database.exec('PRAGMA max_page_count = 1000000');
  await assertCounts();
});
