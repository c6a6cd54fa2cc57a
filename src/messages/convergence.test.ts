import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { messagePageQuerySchema } from '../model/api.ts';
import type { Decision, Entry } from '../model/entry.ts';
import { operationKinds } from '../model/operation.ts';
import { coreIdOfOrigin, type Origin } from '../model/origin.ts';
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

const origins = [originNumber(1), originNumber(2), originNumber(3), originNumber(2, 2)];
const nodes = [coreId(50), coreId(51)] as const;

// Few IDs, so that the same message, operation and raise come again and again under several origins.
const id = fc.nat(7).map(messageId);
const node = fc.constantFrom(...nodes);
const message = fc
  .tuple(fc.nat(7), fc.constantFrom(...severities), fc.constantFrom('one', 'two'))
  .map(([number, severity, text]) => testMessage(number, { severity, text }));
const version = fc.record({
  hlc: fc.integer({ min: 1_000_000, max: 1_000_200 }),
  origin: fc.constantFrom(...origins),
});
const positions = fc
  .array(fc.tuple(fc.constantFrom(...origins), fc.nat(8)))
  .map((pairs) => Object.fromEntries(pairs));
const epoch = fc.integer({ min: 1, max: 4 });
const role = fc.constantFrom('acting', 'other');

const operation = fc.record({
  id: fc.integer({ min: 100, max: 112 }).map(messageId),
  message: id,
  kind: fc.constantFrom(...operationKinds),
  by: fc.constantFrom('ann', 'bob'),
  hlc: fc.integer({ min: 1_000_000, max: 1_000_200 }),
});
const otherPools = [coreId(60), coreId(61)] as const;
const otherPool = fc.constantFrom(...otherPools);
const operationOrPools = fc
  .tuple(operation, fc.option(otherPool))
  .map(([one, pool]) => (pool === null ? one : { ...one, pool }));
const share = {
  share: fc.constantFrom('control' as const, 'notify' as const),
  acknowledge: fc.boolean(),
  because: fc.constantFrom('rule one', 'rule two'),
};
const decision: fc.Arbitrary<Decision> = fc.oneof(
  fc.record({ kind: fc.constant('raise' as const), node, nodeName: fc.constant('db'), message }),
  fc.record({
    kind: fc.constant('close' as const),
    id,
    message: id,
    seen: fc.option(version),
    because: fc.constant('it is back'),
  }),
  fc.record({
    kind: fc.constant('close' as const),
    id,
    message: id,
    seen: fc.option(version),
    because: fc.constant('held'),
    handling: fc.constantFrom('held' as const, 'suppressed' as const),
    untilMs: fc.option(fc.nat(9)),
  }),
  fc.record({
    kind: fc.constant('release' as const),
    id,
    message: id,
    close: id,
    because: fc.constant('now'),
  }),
  fc.record({
    kind: fc.constant('share' as const),
    id,
    message: id,
    pool: otherPool,
    poolName: fc.constant('other'),
    server: fc.constant('desk'),
    ...share,
  }),
);
const shared = fc.record({
  node,
  nodeName: fc.constant('db'),
  message,
  path: fc.tuple(otherPool),
  ...share,
});
const settledItem = fc.record({
  message: id,
  operation: fc.option(fc.integer({ min: 100, max: 112 }).map(messageId)),
});
const connection = fc.record({
  node,
  nodeName: fc.constantFrom('db1', 'db2'),
  connected: fc.boolean(),
  lastHeardMs: fc.nat(),
  version: fc.constant('1'),
  address: fc.constant('here'),
});

type Stamp = { readonly origin: Origin; readonly seq: number; readonly hlc: number };
const draft: fc.Arbitrary<(stamp: Stamp) => Entry> = fc.oneof(
  fc.tuple(node, fc.constantFrom('db1', 'db2'), fc.array(message, { minLength: 1, maxLength: 4 })).map(
    ([node, nodeName, messages]) =>
      (stamp: Stamp) =>
        testEntry(stamp, 'messages', { node, nodeName, messages }),
  ),
  fc
    .array(operationOrPools, { minLength: 1, maxLength: 3 })
    .map((operations) => (stamp: Stamp) => testEntry(stamp, 'operations', { operations })),
  fc.tuple(role, epoch, fc.array(decision, { minLength: 1, maxLength: 3 })).map(
    ([role, epoch, decisions]) =>
      (stamp: Stamp) =>
        testEntry(stamp, 'decisions', { role, epoch, decisions }),
  ),
  fc.tuple(otherPool, fc.array(shared, { minLength: 1, maxLength: 2 })).map(
    ([pool, messages]) =>
      (stamp: Stamp) =>
        testEntry(stamp, 'shared', { pool, poolName: 'other', messages }),
  ),
  fc.tuple(otherPool, fc.array(settledItem, { minLength: 1, maxLength: 2 })).map(
    ([pool, items]) =>
      (stamp: Stamp) =>
        testEntry(stamp, 'settled', { pool, items }),
  ),
  fc.tuple(role, epoch, positions).map(
    ([role, epoch, positions]) =>
      (stamp: Stamp) =>
        testEntry(stamp, 'takeover', { role, epoch, positions }),
  ),
  fc
    .array(connection, { minLength: 1, maxLength: 2 })
    .map((connections) => (stamp: Stamp) => testEntry(stamp, 'connections', { connections })),
);

const journals = fc
  .tuple(...origins.map(() => fc.array(fc.tuple(draft, fc.integer({ min: 1, max: 30 })), { maxLength: 8 })))
  .map((lists) =>
    lists.map((list, index) => {
      let hlc = 1_000_000;
      return list.map(([make, later], place) =>
        make({ origin: origins[index] ?? '', seq: place + 1, hlc: (hlc += later) }),
      );
    }),
  );

/** An order in which a server may get these entries: any between origins, the order of making within one. */
function interleave(lists: readonly Entry[][], choices: readonly number[]): Entry[] {
  const left = lists.map((list) => [...list]).filter((list) => list.length > 0);
  const entries: Entry[] = [];
  for (let turn = 0; left.length > 0; turn++) {
    const at = (choices[turn % choices.length] ?? 0) % left.length;
    const entry = left[at]?.shift();
    if (entry) entries.push(entry);
    if (left[at]?.length === 0) left.splice(at, 1);
  }
  return entries;
}

async function storeOf(entries: readonly Entry[], chunk: number): Promise<TestStore> {
  const store = openTestStore(join(folder.path, `${files++}.db`), 9);
  for (let first = 0; first < entries.length; first += chunk) {
    const some = entries.slice(first, first + chunk);
    await store.journal.receive([...some, ...entries.slice(0, 2).filter((entry) => some.includes(entry))]);
  }
  return store;
}

function seen(store: TestStore): unknown {
  const newest = (server: string): Origin | null =>
    origins.find((origin) => coreIdOfOrigin(origin) === server) ?? null;
  return {
    hash: store.messages.stateHash(),
    counts: store.messages.counts(),
    pages: ['open', 'acknowledged', undefined].map((state) =>
      store.messages.page(messagePageQuerySchema.parse({ state })),
    ),
    details: Array.from({ length: 8 }, (_, number) => store.messages.get(messageId(number))),
    epochs: store.messages.highestEpochs(),
    held: store.messages.held.page(null, 100),
    outboxes: otherPools.map((pool) => store.messages.sharing.outbox(pool, 1_000, 'everything')),
    pools: store.messages.sharing.pools(),
    nodes: store.messages
      .nodes(newest)
      .map((status) => ({ ...status, sinceMs: null }))
      .sort((a, b) => (a.coreId < b.coreId ? -1 : 1)),
  };
}

test('servers that got the same entries in different orders are equal in every answer', async () => {
  await fc.assert(
    fc.asyncProperty(
      journals,
      fc.array(fc.nat(3), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 9 }),
      async (lists, choices, chunk) => {
        const one = await storeOf(interleave(lists, [0]), 40);
        const other = await storeOf(interleave(lists, choices), chunk);
        try {
          assert.deepEqual(seen(other), seen(one));
          assert.equal(one.messages.recomputeStateHash(), one.messages.stateHash());
          assert.equal(other.messages.recomputeStateHash(), other.messages.stateHash());
          assert.deepEqual(one.journal.positions(), other.journal.positions());
          assert.deepEqual([...one.damage, ...other.damage], []);
        } finally {
          one.close();
          other.close();
        }
      },
    ),
    { numRuns: 40 },
  );
});
