import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, test } from 'node:test';
import { join } from 'node:path';
import { encodeBody } from '../journal/body.ts';
import { entryBodySchemas, type EntryBody } from '../model/entry.ts';
import { coreId, openTestStore, testFolder, type TestStore } from './testing/test-store.ts';

const folder = testFolder();
after(() => folder.remove());
let store: TestStore;
let files = 0;
beforeEach(() => {
  store = openTestStore(join(folder.path, `${files++}.db`));
});
afterEach(() => store.close());

const role = 'virtual-interface/front';

async function takeOver(epoch: number, handover?: EntryBody<'takeover'>['handover']): Promise<void> {
  const positions = { ...store.journal.positions() };
  const body = { role, epoch, positions, ...(handover ? { handover } : {}) };
  await store.journal.append({ kind: 'takeover', body: encodeBody('takeover', body) }, body);
}

test('the history is read from the takeovers, the newest first and in pages', async () => {
  await takeOver(1);
  const handover = {
    because: 'server process ended',
    from: coreId(7),
    fromEpoch: 1,
    unheldMs: 240,
  } as const;
  await takeOver(2, handover);
  await takeOver(3, { ...handover, because: 'moved by an operator', fromEpoch: 2, unheldMs: null });
  const changes = store.messages.roleChanges(role, 10);
  assert.deepEqual(
    changes.map(({ epoch, because, fromEpoch, unheldMs }) => [epoch, because, fromEpoch, unheldMs]),
    [
      [3, 'moved by an operator', 2, null],
      [2, 'server process ended', 1, 240],
      [1, null, null, null],
    ],
  );
  assert.ok(changes.every(({ holder }) => store.journal.origin.startsWith(holder)));
  assert.deepEqual(changes[0]?.positions, { [store.journal.origin]: 2 });
  assert.deepEqual(
    store.messages.roleChanges(role, 1, 3).map(({ epoch }) => epoch),
    [2],
  );
  assert.deepEqual(store.messages.roleChanges('acting', 10), []);
});

test('a takeover of an older version is read, and one in words of a newer one voids all the same', () => {
  const old = { role, epoch: 1, positions: {} };
  assert.deepEqual(entryBodySchemas.takeover.parse(old), old);
  const newer = {
    ...old,
    handover: { because: 'the moon was full', from: null, fromEpoch: 0, unheldMs: null },
  };
  assert.equal(entryBodySchemas.takeover.parse(newer).handover, undefined);
});
