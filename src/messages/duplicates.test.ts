import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import type { MessagePageQuery, MessageView } from '../model/api.ts';
import type { Message } from '../model/message.ts';
import { severities } from '../model/severity.ts';
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
let files = 0;
const pause = (): Promise<void> => Promise.resolve();
const node = coreId(9);

function open(): TestStore & {
  arrive(...messages: Message[]): Promise<void>;
  acknowledge(...numbers: number[]): Promise<void>;
} {
  const store = openTestStore(join(folder.path, `${(files += 1)}.db`));
  let seq = 0;
  const stamp = () => ({ origin: originNumber(1), seq: (seq += 1), hlc: 1_000_000 + seq });
  const receive = (entry: ReturnType<typeof testEntry>): Promise<void> => store.journal.receive([entry]);
  return {
    ...store,
    arrive: (...messages) => receive(testEntry(stamp(), 'messages', { node, nodeName: 'web01', messages })),
    acknowledge: (...numbers) => {
      const hlc = 2_000_000 + seq;
      const operations = numbers.map((number) => ({
        id: messageId(10_000 + seq * 100 + number),
        message: messageId(number),
        kind: 'acknowledge' as const,
        by: 'ann',
        hlc,
      }));
      return receive(testEntry(stamp(), 'operations', { operations }));
    },
  };
}

async function grouped(store: TestStore, query: Partial<MessagePageQuery> = {}): Promise<MessageView[]> {
  const all: MessageView[] = [];
  let cursor: string | undefined;
  for (;;) {
    const asked = { grouped: true, order: 'newest', limit: 2, ...query } as const;
    const page = await store.messages.groupedPage({ ...asked, ...(cursor && { cursor }) }, null, pause);
    all.push(...page.messages);
    if (page.next === null) return all;
    cursor = page.next;
  }
}

const shown = (messages: readonly MessageView[]): string[] =>
  messages.map(({ id, same }) => `${Number(id.slice(-6))}: ${same?.open} ${same?.acknowledged}`);

const disk = (number: number, changes: Partial<Message> = {}): Message =>
  testMessage(number, { text: `/var is ${number} % full`, key: 'disk:/var', ...changes });

test('what has one key is one, whatever its text; what has none is one by its text', async () => {
  const store = open();
  await store.arrive(
    disk(1),
    testMessage(2, { text: 'x' }),
    disk(3),
    testMessage(4, { text: 'x' }),
    testMessage(5),
  );
  assert.deepEqual(shown(await grouped(store)), ['5: 1 0', '4: 2 0', '3: 2 0']);
  store.close();
});

test('nothing worse hides behind something milder', async () => {
  const store = open();
  await store.arrive(disk(1, { severity: 'critical' }), disk(2, { severity: 'warning' }));
  assert.deepEqual(shown(await grouped(store)), ['2: 1 0', '1: 1 0']);
  store.close();
});

test('it follows what arrives, is acknowledged, and comes late with an older ID', async () => {
  const store = open();
  await store.arrive(disk(2), disk(5));
  assert.deepEqual(shown(await grouped(store, { state: 'open' })), ['5: 2 0']);
  await store.arrive(disk(3), disk(7));
  assert.deepEqual(shown(await grouped(store, { state: 'open' })), ['7: 4 0']);
  await store.acknowledge(7, 5);
  assert.deepEqual(shown(await grouped(store, { state: 'open' })), ['3: 2 2']);
  assert.deepEqual(shown(await grouped(store, { state: 'acknowledged' })), ['7: 2 2']);
  assert.deepEqual(shown(await grouped(store)), ['7: 2 2']);
  store.close();
});

test('what arrives twice is counted once', async () => {
  const store = open();
  await store.arrive(disk(1));
  await grouped(store);
  await store.arrive(disk(1), disk(2));
  assert.deepEqual(shown(await grouped(store)), ['2: 2 0']);
  store.close();
});

test('all that say the same are listed by their key', async () => {
  const store = open();
  await store.arrive(disk(1), testMessage(2), disk(3));
  const key = (await grouped(store))[0]?.same?.key ?? '';
  assert.deepEqual(shown(await grouped(store, { grouped: false, same: key })), ['3: 2 0', '1: 2 0']);
  assert.deepEqual(await grouped(store, { same: '0000000000001' }), []);
  store.close();
});

test('a text may differ within a group, so the two are not asked for together', async () => {
  const store = open();
  await assert.rejects(grouped(store, { text: 'full' }), { code: 'WK_BAD_REQUEST' });
  store.close();
});

test('as a look at all messages groups them, over many segments of the index', async () => {
  const store = open();
  const say = fc.record({
    severity: fc.constantFrom(...severities),
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    group: fc.constantFrom('db', 'web'),
  });
  const said = fc.sample(say, { numRuns: 20_000, seed: 7 });
  for (let at = 0; at < said.length; at += 5_000)
    await store.arrive(...said.slice(at, at + 5_000).map((one, index) => testMessage(at + index, one)));
  const done = [19_999, 19_998, 19_990, 12_000, 5];
  await store.acknowledge(...done);
  const queries: Partial<MessagePageQuery>[] = [
    {},
    { state: 'open' },
    { severities: ['critical'] },
    { group: 'db' },
  ];
  for (const query of queries) {
    const newest = new Map<string, number>();
    for (const [number, { severity, key, group }] of said.entries()) {
      if (query.state === 'open' && done.includes(number)) continue;
      if (query.severities !== undefined && !query.severities.includes(severity)) continue;
      if (query.group !== undefined && group !== query.group) continue;
      newest.set(`${severity} ${key} ${group}`, number);
    }
    const expected = [...newest.values()].sort((a, b) => b - a);
    const found = await grouped(store, query);
    assert.deepEqual(
      found.map(({ id }) => Number(id.slice(-6))),
      expected,
    );
    const total = found.reduce((sum, { same }) => sum + (same?.open ?? 0) + (same?.acknowledged ?? 0), 0);
    if (Object.keys(query).length === 0) assert.equal(total, said.length);
  }
  store.close();
});
