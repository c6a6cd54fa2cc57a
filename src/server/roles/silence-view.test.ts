import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { encodeBody } from '../../journal/body.ts';
import type { Decision, Entry } from '../../model/entry.ts';
import type { Uuid } from '../../model/uuid.ts';
import {
  coreId,
  messageId,
  openTestStore,
  testFolder,
  testMessage,
} from '../../messages/testing/test-store.ts';
import { manualTime } from '../../runtime/manual-time.ts';
import { silenceKey } from './acting.ts';
import { SilenceView } from './silence-view.ts';

const count = 2_500;
const nodes = Array.from({ length: count }, (_, index) => ({
  coreId: coreId(1_000 + index),
  name: `n${index}`,
  joinedMs: 0,
}));
const createdMs = 1_700_000_000_000;

async function setUp(context: TestContext, msPerPage = 0) {
  const folder = testFolder();
  const opened = openTestStore(join(folder.path, 'db'));
  const { journal, messages } = opened;
  context.after(() => {
    opened.close();
    folder.remove();
  });
  const time = manualTime(0);
  let pages = 0;
  const store = {
    page: (query: Parameters<typeof messages.page>[0]) => {
      pages += 1;
      time.advance(msPerPage);
      return messages.page(query);
    },
    get: (id: Uuid) => messages.get(id),
    stateVersion: (id: Uuid) => messages.stateVersion(id),
    connectedTo: (origins: readonly string[]) => messages.connectedTo(origins),
    lastHeardMs: (node: Uuid) => messages.lastHeardMs(node),
    changedBy: (entries: readonly Entry[]) => messages.changedBy(entries),
  };
  const view = new SilenceView({
    messages: store,
    clock: time.clock,
    nodes: () => nodes,
    liveOrigins: () => [journal.origin],
  });
  journal.onCommit((entries) => view.changed(entries));
  const decide = async (decisions: Decision[]): Promise<void> => {
    const body = { role: 'acting', epoch: 1, decisions };
    await journal.append({ kind: 'decisions', body: encodeBody('decisions', body) }, body);
    view.decided(decisions);
  };
  const raise = (index: number): Decision => ({
    kind: 'raise',
    node: nodes[index]?.coreId ?? '',
    nodeName: `n${index}`,
    message: testMessage(index, {
      createdMs,
      group: 'watchkeeper',
      key: silenceKey(nodes[index]?.coreId ?? ''),
    }),
  });
  const connect = async (index: number, connected: boolean, lastHeardMs: number): Promise<void> => {
    const node = nodes[index]?.coreId ?? '';
    const fact = { node, nodeName: `n${index}`, connected, lastHeardMs, version: '0', address: 'x' };
    const body = { connections: [fact] };
    await journal.append({ kind: 'connections', body: encodeBody('connections', body) }, body);
  };
  const takePages = (): number => {
    const taken = pages;
    pages = 0;
    return taken;
  };
  return { view, decide, raise, connect, takePages };
}

test('thousands of silent nodes are looked through page by page, over as many looks as it takes', async (context) => {
  const { view, decide, raise, takePages } = await setUp(context, 60);
  await decide(nodes.map((_, index) => raise(index)));
  view.forget();
  assert.equal(view.gather().complete, false);
  assert.equal(takePages(), 2, 'as many as fit into 100 ms');
  const look = view.gather();
  assert.deepEqual([look.complete, look.reported.size, look.open.size], [true, count, 0]);
});

test('a node that is back is named with its open message, until that is closed', async (context) => {
  const { view, decide, raise, connect } = await setUp(context);
  await decide([raise(1), raise(2)]);
  await connect(1, true, createdMs + 1);
  const { connected, messages, reported } = view.gather();
  assert.deepEqual([...connected], [nodes[1]?.coreId]);
  assert.deepEqual([...messages], [[nodes[1]?.coreId, { message: messageId(1), seen: null }]]);
  assert.deepEqual([...reported], [nodes[2]?.coreId]);
  const close = { kind: 'close', id: messageId(9_001), message: messageId(1), seen: null, because: 'back' };
  await decide([close as Decision]);
  assert.equal(view.gather().messages.size, 0);
});

test('a message from before the node was last heard is no report of this silence', async (context) => {
  const { view, decide, raise, connect } = await setUp(context);
  await decide([raise(1), raise(2)]);
  await connect(1, false, createdMs + 1);
  await connect(2, false, createdMs - 1);
  const of = (index: number): boolean => view.wasReported(nodes[index]?.coreId ?? '');
  assert.deepEqual([of(1), of(2), of(3)], [false, true, false]);
});
