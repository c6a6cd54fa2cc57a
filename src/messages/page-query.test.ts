import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as fc from 'fast-check';
import { encodeBody } from '../journal/body.ts';
import { messagePageQuerySchema, type MessagePageQuery, type MessageView } from '../model/api.ts';
import type { Message } from '../model/message.ts';
import { isInScope, type Scope } from '../model/rights.ts';
import { severities, severityRank } from '../model/severity.ts';
import { segmentRows } from './filter-index.ts';
import {
  coreId,
  messageId,
  openTestStore,
  testFolder,
  testMessage,
  type TestStore,
} from './testing/test-store.ts';

const folder = testFolder();
after(() => folder.remove());
const path = join(folder.path, 'pages.db');
let store: TestStore;
let everything: MessageView[];

// Two full segments and the beginning of a third; IDs arrive out of order by up to a few hundred.
const count = 2 * segmentRows + 700;
const texts = [
  'disk full on /var',
  'login failed',
  'Temperatur über Grenze',
  'ΟΔΟΣ closed',
  '100% of a_b\\c',
  'ok',
];

function makeMessage(index: number): Message {
  const number = index - (index % 400) + ((index * 7) % 400);
  return testMessage(number, {
    severity: severities[number % 6] ?? 'unknown',
    text: `${texts[number % texts.length] ?? ''} ${number}${number === 5_000 ? ' needle' : ''}`,
    ...(number % 3 > 0 && { group: `group ${number % 40}` }),
    ...(number % 5 === 0 && { key: `key ${number % 1_000}` }),
  });
}

before(async () => {
  store = openTestStore(path);
  for (let first = 0; first < count; first += 1_000) {
    const messages = Array.from({ length: Math.min(1_000, count - first) }, (_, index) =>
      makeMessage(first + index),
    );
    const node = (first / 1_000) % 2;
    const body = { node: coreId(50 + node), nodeName: `node ${node}`, messages };
    await store.journal.append({ kind: 'messages', body: encodeBody('messages', body) }, body);
  }
  const operations = Array.from({ length: count }, (_, number) => number)
    .filter((number) => number % 11 === 0)
    .map((number) => ({
      id: messageId(100_000 + number),
      message: messageId(number),
      kind: 'acknowledge' as const,
      by: 'ann',
      hlc: store.journal.nextHlc(),
    }));
  await store.journal.append({ kind: 'operations', body: encodeBody('operations', { operations }) });
  everything = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = store.messages.page(messagePageQuerySchema.parse({ limit: 1_000, cursor }));
    everything.push(...page.messages);
    cursor = page.next;
  }
});
after(() => store.close());

function expected(query: MessagePageQuery, scope: Scope): string[] {
  const passes = (view: MessageView): boolean =>
    isInScope(scope, view) &&
    (query.severity === undefined || severityRank(view.severity) >= severityRank(query.severity)) &&
    (query.severities?.includes(view.severity) ?? true) &&
    (query.node === undefined || view.nodeName === query.node || view.node === query.node) &&
    (query.group === undefined || view.group === query.group) &&
    (query.key === undefined || view.key === query.key) &&
    (query.state === undefined || view.state === query.state) &&
    (query.sinceMs === undefined || view.createdMs >= query.sinceMs) &&
    (query.text === undefined || view.text.toUpperCase().includes(query.text.toUpperCase()));
  const found = everything.filter(passes).map(({ id }) => id);
  if (query.order === 'oldest') found.reverse();
  const { cursor, order } = query;
  return found
    .filter((id) => cursor === undefined || (order === 'oldest' ? id > cursor : id < cursor))
    .slice(0, query.limit);
}

const filter = fc.record(
  {
    severity: fc.constantFrom(...severities),
    severities: fc.subarray([...severities]),
    node: fc.constantFrom('node 0', coreId(51), 'nobody'),
    group: fc.constantFrom('group 1', 'group 39', 'group 3', 'none'),
    key: fc.constantFrom('key 995', 'key 0', 'key of nobody'),
    state: fc.constantFrom('open' as const, 'acknowledged' as const),
    sinceMs: fc.constantFrom(1_700_000_000_000, 1_700_000_000_000 + count - 50, 1_800_000_000_000),
    text: fc.constantFrom(
      'needle',
      'NEEDLE',
      'Full',
      'o',
      'ok',
      'über',
      'ÜB',
      'οδος',
      '0% of',
      'a_b',
      'axb',
      '\\c',
      'zq',
      'failed 1234',
      'absent',
    ),
    order: fc.constantFrom('newest' as const, 'oldest' as const),
    limit: fc.integer({ min: 1, max: 150 }),
    cursor: fc.nat(count).map(messageId),
  },
  { requiredKeys: [] },
);

const selector = fc.record(
  {
    nodes: fc.subarray(['node 0', 'node *', '*1', 'nobody', '*'], { minLength: 1 }),
    groups: fc.subarray(['group 1', 'group ?', 'group 3*', '*[', '*'], { minLength: 1 }),
  },
  { requiredKeys: [] },
);
const someScope: fc.Arbitrary<Scope> = fc.option(fc.array(selector, { maxLength: 3 }));

function assertPages(runs: number): void {
  fc.assert(
    fc.property(filter, someScope, (given, scope) => {
      const query = messagePageQuerySchema.parse(given);
      const page = store.messages.page(query, scope);
      assert.deepEqual(
        page.messages.map(({ id }) => id),
        expected(query, scope),
      );
      const more = expected({ ...query, limit: query.limit + 1 }, scope).length > query.limit;
      assert.equal(page.next, more ? page.messages.at(-1)?.id : null);
    }),
    { numRuns: runs },
  );
}

test('any filter, scope, order, cursor and limit gives what looking at every message gives', () => {
  assert.equal(everything.length, count);
  assertPages(150);
});

test('and so it is after a restart', () => {
  store.close();
  store = openTestStore(path);
  assertPages(150);
  assert.equal(store.messages.recomputeStateHash(), store.messages.stateHash());
});

test('and after a transaction that was undone', async () => {
  const pages = Number(store.database.prepare('PRAGMA page_count').get()?.page_count);
  store.database.exec(`PRAGMA max_page_count = ${pages}`);
  const messages = Array.from({ length: 4_000 }, (_, index) =>
    testMessage(500_000 + index, { text: 'undone' }),
  );
  const body = { node: coreId(50), nodeName: 'node 0', messages };
  await assert.rejects(store.journal.append({ kind: 'messages', body: encodeBody('messages', body) }));
  assertPages(40);
});
