import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, test } from 'node:test';
import { join } from 'node:path';
import { encodeBody } from '../journal/body.ts';
import { messagePageQuerySchema, type MessagePageQuery } from '../model/api.ts';
import type { EntryBody } from '../model/entry.ts';
import type { Message } from '../model/message.ts';
import type { Operation } from '../model/operation.ts';
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
let store: TestStore;
let files = 0;
beforeEach(() => {
  store = openTestStore(join(folder.path, `${files++}.db`));
});
afterEach(() => store.close());

const node = coreId(50);
const batch = (messages: Message[]): EntryBody<'messages'> => ({ node, nodeName: 'db1', messages });
const query = (changes: Partial<MessagePageQuery> = {}): MessagePageQuery =>
  messagePageQuerySchema.parse(changes);
const ids = (changes: Partial<MessagePageQuery> = {}): string[] =>
  store.messages.page(query(changes)).messages.map(({ id }) => id);

async function append(messages: Message[]): Promise<void> {
  const body = batch(messages);
  await store.journal.append({ kind: 'messages', body: encodeBody('messages', body) }, body);
}

async function operate(
  operations: (Pick<Operation, 'message' | 'kind'> & Partial<Operation>)[],
): Promise<void> {
  const body = {
    operations: operations.map((operation, index) => ({
      id: messageId(900_000 + index + files * 1_000),
      by: 'ann',
      hlc: store.journal.nextHlc(),
      ...operation,
    })),
  };
  await store.journal.append({ kind: 'operations', body: encodeBody('operations', body) });
}

function assertHash(): void {
  assert.equal(store.messages.recomputeStateHash(), store.messages.stateHash());
}

test('an appended message is in the page, the detail and the counts', async () => {
  const message = testMessage(1, {
    group: 'OS',
    key: 'disk',
    application: 'df',
    attributes: { mount: '/var' },
  });
  await append([message]);
  const [view] = store.messages.page(query()).messages;
  assert.deepEqual({ ...message, ...view }, view);
  assert.equal(view?.nodeName, 'db1');
  assert.equal(view?.state, 'open');
  assert.deepEqual(store.messages.get(message.id)?.operations, []);
  assert.equal(store.messages.counts().total, 1);
  assert.equal(store.messages.counts().open.major, 1);
  assertHash();
});

test('operations change the message, and those on a message that is not here wait for it', async () => {
  await operate([
    { message: messageId(1), kind: 'acknowledge' },
    { message: messageId(1), kind: 'own', by: 'bob' },
    { message: messageId(1), kind: 'annotate', text: 'on it' },
  ]);
  assert.equal(store.messages.counts().total, 0);
  assertHash();
  await append([testMessage(1), testMessage(2)]);
  const detail = store.messages.get(messageId(1));
  assert.equal(detail?.message.state, 'acknowledged');
  assert.equal(detail?.message.owner, 'bob');
  assert.equal(detail?.message.annotations, 1);
  assert.deepEqual(
    detail?.operations.map(({ kind }) => kind),
    ['acknowledge', 'own', 'annotate'],
  );
  assert.deepEqual(ids({ state: 'open' }), [messageId(2)]);
  assert.deepEqual(ids({ state: 'acknowledged' }), [messageId(1)]);
  assert.equal(store.messages.counts().acknowledged.major, 1);
  assertHash();
});

test('pages go through everything once, in both orders', async () => {
  await append(Array.from({ length: 250 }, (_, index) => testMessage(index)));
  for (const order of ['newest', 'oldest'] as const) {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = store.messages.page(query({ order, limit: 60, ...(cursor !== undefined && { cursor }) }));
      seen.push(...page.messages.map(({ id }) => id));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    const expected = Array.from({ length: 250 }, (_, index) => messageId(index));
    assert.deepEqual(seen, order === 'oldest' ? expected : expected.toReversed());
  }
});

test('a takeover voids what its holder did not know: a raised message goes, a close is shown as void', async () => {
  await append([testMessage(1)]);
  const old = originNumber(2);
  const decisions = { role: 'acting', epoch: 1 };
  const close = {
    kind: 'close',
    id: messageId(70),
    message: messageId(1),
    seen: null,
    because: 'node is back',
  } as const;
  const raise = { kind: 'raise', node, nodeName: 'db1', message: testMessage(5, { key: 'silent' }) } as const;
  await store.journal.receive([
    testEntry({ origin: old, seq: 1, hlc: 10 }, 'decisions', { ...decisions, decisions: [close] }),
    testEntry({ origin: old, seq: 2, hlc: 20 }, 'decisions', { ...decisions, decisions: [raise] }),
  ]);
  assert.equal(store.messages.get(messageId(1))?.message.acknowledgedBy, 'acting');
  assert.equal(store.messages.openByKey('silent')?.message.id, messageId(5));
  assert.equal(store.messages.counts().total, 2);
  const takeover = { role: 'acting', epoch: 2, positions: {} };
  await store.journal.receive([
    testEntry({ origin: originNumber(3), seq: 1, hlc: 30 }, 'takeover', takeover),
  ]);
  assert.equal(store.messages.get(messageId(1))?.message.state, 'open');
  assert.equal(store.messages.get(messageId(1))?.operations[0]?.decision?.void, true);
  assert.equal(store.messages.get(messageId(5)), null);
  assert.equal(store.messages.openByKey('silent'), null);
  assert.equal(store.messages.counts().total, 1);
  assert.deepEqual(store.messages.highestEpochs(), { acting: 2 });
  assertHash();
});

test('nodes show where their agent is connected; a new run of that server ends what the old one said', async () => {
  const first = originNumber(2, 1);
  const connection = {
    node,
    nodeName: 'db1',
    connected: true,
    lastHeardMs: 5_000,
    version: '1',
    address: 'a',
  };
  const body = { connections: [connection] };
  await store.journal.receive([testEntry({ origin: first, seq: 1, hlc: 4_000_000 }, 'connections', body)]);
  const newest = (server: string) => store.journal.newestOriginOf(server);
  assert.equal(store.messages.nodes(newest)[0]?.server, coreId(2));
  assert.equal(store.messages.nodes(newest)[0]?.sinceMs, 4_000);
  const other = { connections: [{ ...connection, node: coreId(51), nodeName: 'db2' }] };
  await store.journal.receive([
    testEntry({ origin: originNumber(2, 2), seq: 1, hlc: 9_000_000 }, 'connections', other),
  ]);
  const [one, two] = store.messages.nodes(newest);
  assert.equal(one?.server, null);
  assert.equal(one?.lastHeardMs, 5_000);
  assert.equal(two?.server, coreId(2));
  assertHash();
});

test('what changed is shown once, as it is now', async () => {
  await append([testMessage(1)]);
  const changed: string[][] = [];
  store.journal.onCommit((entries) => changed.push(store.messages.changedBy(entries).map(({ id }) => id)));
  await operate([
    { message: messageId(1), kind: 'acknowledge' },
    { message: messageId(1), kind: 'annotate', text: 'x' },
  ]);
  assert.deepEqual(changed, [[messageId(1)]]);
});

test('everything derived can be made anew from the journal', async () => {
  await append(Array.from({ length: 30 }, (_, index) => testMessage(index)));
  await operate([{ message: messageId(3), kind: 'acknowledge' }]);
  const before = {
    hash: store.messages.stateHash(),
    page: store.messages.page(query()),
    counts: store.messages.counts(),
  };
  store.messages.rebuild(store.journal.read(store.journal.origin, 0, 1_000_000));
  const afterwards = {
    hash: store.messages.stateHash(),
    page: store.messages.page(query()),
    counts: store.messages.counts(),
  };
  assert.deepEqual(afterwards, before);
  assertHash();
});
