import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { after, test } from 'node:test';
import { encodeBody } from '../journal/body.ts';
import type { EntryBody, EntryKind } from '../model/entry.ts';
import { isInScope, type Scope } from '../model/rights.ts';
import { MessageStore } from './message-store.ts';
import type { OpenPlaces } from './place-counts.ts';
import {
  coreId,
  messageId,
  openTestStore,
  originNumber,
  testEntry,
  testFolder,
  testMessage,
  type TestStore,
} from './testing/test-store.ts';

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

const hourMs = 3_600_000;
const startMs = 480_000 * hourMs;
const nowMs = startMs + 3 * hourMs + 1;

const overviewOf = ({ messages }: Pick<TestStore, 'messages'>, scope: Scope): Promise<OpenPlaces> =>
  messages.overview(scope, '6h', nowMs, turn);

/** Messages that come, are done, come earlier by another way, and wait for what was done to them. */
async function fillOverview(followed: TestStore): Promise<void> {
  const seqs = new Map<string, number>();
  const receive = async <K extends EntryKind>(
    atMs: number,
    kind: K,
    body: EntryBody<K>,
    origin = originNumber(1),
  ): Promise<void> => {
    const seq = (seqs.get(origin) ?? 0) + 1;
    seqs.set(origin, seq);
    await followed.journal.receive([testEntry({ origin, seq, hlc: atMs * 1_000 }, kind, body)]);
  };
  const operation = (number: number, kind: 'acknowledge' | 'unacknowledge', atMs: number) => ({
    operations: [
      {
        id: messageId(800_000 + (atMs - startMs)),
        message: messageId(number),
        kind,
        by: 'ann',
        hlc: atMs * 1_000,
      },
    ],
  });
  await overviewOf(followed, null);
  const web = { node: coreId(50), nodeName: 'web' };
  const many = [1, 2, 3, 4].map((number) => testMessage(number, { group: number === 4 ? 'os' : 'db' }));
  await receive(startMs + 1, 'messages', { ...web, messages: many });
  await receive(startMs + 2, 'messages', {
    node: coreId(51),
    nodeName: 'mail',
    messages: [testMessage(5, { severity: 'critical' })],
  });
  await receive(startMs + hourMs, 'operations', operation(1, 'acknowledge', startMs + hourMs));
  await receive(startMs + hourMs + 5, 'operations', operation(2, 'acknowledge', startMs + hourMs + 5));
  await receive(startMs + 2 * hourMs, 'operations', operation(2, 'unacknowledge', startMs + 2 * hourMs));
  // Acknowledged once more, later: then it is acknowledged since then.
  await receive(startMs + 3 * hourMs, 'operations', operation(1, 'acknowledge', startMs + 3 * hourMs));
  // Acknowledged before it came; and one that came to another server an hour before.
  await receive(startMs + hourMs, 'operations', operation(6, 'acknowledge', startMs + hourMs + 9));
  await receive(startMs + 2 * hourMs, 'messages', { ...web, messages: [testMessage(6)] });
  await receive(startMs - hourMs, 'messages', { ...web, messages: many.slice(0, 1) }, originNumber(2));
}

test('the overview follows what comes, is done, comes earlier by another way, and waited for', async () => {
  const followed = openTestStore(join(folder.path, 'overview.db'), 9);
  after(() => followed.close());
  await fillOverview(followed);
  for (const scope of [null, ...scopes.slice(1)]) {
    const counted = MessageStore.open(followed.database);
    assert.deepEqual(await overviewOf(followed, scope), await overviewOf({ messages: counted }, scope));
  }
  const { steps, nodes, groups } = await overviewOf(followed, null);
  const at = (ms: number) => steps.find(({ fromMs }) => fromMs === ms);
  assert.deepEqual(
    [startMs - 2 * hourMs, startMs - hourMs, startMs, startMs + hourMs, startMs + 3 * hourMs].map(
      (ms) => at(ms)?.open.major,
    ),
    [0, 1, 4, 4, 3],
  );
  assert.equal(at(startMs)?.arrived.critical, 1);
  assert.equal(at(startMs + 3 * hourMs)?.acknowledged.major, 1);
  assert.deepEqual(
    nodes.map(({ name, open }) => [name, open.critical, open.major]),
    [
      ['mail', 1, 0],
      ['web', 0, 3],
    ],
  );
  assert.deepEqual(
    groups.map(({ name, open }) => [name, open.critical + open.major]),
    [
      [null, 1],
      ['db', 2],
      ['os', 1],
    ],
  );
  const [only] = (await overviewOf(followed, [{ groups: ['os'] }])).nodes;
  assert.equal(only?.open.major, 1);
});
