import assert from 'node:assert/strict';
import { copyFileSync, existsSync } from 'node:fs';
import { test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { assert as check, asyncProperty, constantFrom, array, nat, record } from 'fast-check';
import type { MessageDraft } from '../../model/message.ts';
import { severities } from '../../model/severity.ts';
import { temporaryFolder, testAgentRuntime } from '../testing/test-agent-runtime.ts';
import { batchSchema, type Batch } from './batch.ts';
import { Buffer, bufferBytesMin, type BufferOptions } from './buffer.ts';
import { balances, sum } from './totals.ts';

/** Texts of an even length are for another pool. */
function targetsIn(folder: string, more: Partial<BufferOptions> = {}): BufferOptions {
  return {
    runtime: testAgentRuntime,
    path: `${folder}/buffer.db`,
    bytesMax: bufferBytesMin,
    node: { coreId: '01890a5d-ac96-774b-bcce-b302099a8057', name: 'web7' },
    route: (message) => ({ message, target: message.text.length % 2 === 0 ? 'south' : '' }),
    onAppended: () => undefined,
    onFatal: (error) => assert.fail(error),
    ...more,
  };
}

const draft = (text: string, severity: MessageDraft['severity'] = 'normal'): MessageDraft => ({
  severity,
  text,
});
const waiting = (buffer: Buffer, target: string): number =>
  buffer.targets().find((one) => one.target === target)?.count ?? 0;

const otherBytes = (buffer: Buffer): number => buffer.targets().reduce((all, { bytes }) => all + bytes, 0);

function textsOf(batch: Batch | null): string[] {
  assert.ok(batch);
  const { messages } = batchSchema.parse(JSON.parse(zstdDecompressSync(batch.body).toString()));
  return messages.map(({ text }) => text);
}

/** Everything a killed process leaves behind: its files as they are now, under another name. */
function copyOf(path: string): string {
  for (const part of ['', '-wal'])
    if (existsSync(path + part)) copyFileSync(path + part, `${path}-copy${part}`);
  return `${path}-copy`;
}

test('each lane has its own place and answers; what one pool stored is not taken from another', async () => {
  await using folder = temporaryFolder();
  await using buffer = await Buffer.open(targetsIn(folder.path));
  await buffer.append({ drafts: ['a', 'b1', 'c', 'd1'].map((text) => draft(text)) });
  const [home, south] = [buffer.lane('').take(), buffer.lane('south').take()];
  assert.deepEqual(
    [textsOf(home), textsOf(south)],
    [
      ['a', 'c'],
      ['b1', 'd1'],
    ],
  );
  assert.deepEqual([buffer.lane('').take(), buffer.lane('south').take()], [null, null]);
  if (home) buffer.lane('').settle(home, 2, 2, []);
  await buffer.append({ drafts: [draft('e')] });
  assert.deepEqual([sum(buffer.totals.buffered), waiting(buffer, 'south')], [3, 2]);
  if (south) buffer.lane('south').giveBack([south]);
  assert.equal(buffer.lane('south').take(), south);
});

test('what waits for a pool that is none any more goes home, whatever is on its way there', async () => {
  await using folder = temporaryFolder();
  await using buffer = await Buffer.open(targetsIn(folder.path));
  await buffer.append({ drafts: ['a', 'b1', 'c'].map((text) => draft(text)) });
  const [home, south] = [buffer.lane('').take(), buffer.lane('south').take()];
  assert.ok(home && south);
  buffer.rehome('south');
  await buffer.append({ drafts: [] });
  // Both answers come late: the range of the first goes around what moved.
  buffer.lane('').settle(home, 2, 2, []);
  buffer.lane('south').settle(south, 2, 2, []);
  await buffer.append({ drafts: [] });
  assert.deepEqual(textsOf(buffer.lane('').take()), ['b1']);
  assert.ok(balances(buffer.totals));
});

test('a pool that is away fills half of the buffer at most, whatever its messages weigh; the own one goes on', async () => {
  await using folder = temporaryFolder();
  await using buffer = await Buffer.open(targetsIn(folder.path));
  const [southern, own] = ['y'.repeat(8_000), 'x'.repeat(8_001)];
  for (let batch = 0; batch < 10; batch++)
    await buffer.append({ drafts: Array.from({ length: 20 }, () => draft(southern, 'critical')) });
  const bytes = otherBytes(buffer);
  assert.ok(bytes <= bufferBytesMin / 2 && bytes > bufferBytesMin / 3, `${bytes} bytes`);
  const dropped = sum(buffer.totals.dropped);
  assert.ok(dropped > 100);
  await buffer.append({ drafts: Array.from({ length: 50 }, () => draft(own, 'unknown')) });
  assert.equal(sum(buffer.totals.dropped), dropped, 'the lowest severity of the own pool has its room');
  assert.ok(balances(buffer.totals));
});

test('a buffer of the version before is taken over: all of it is for the own pool', async () => {
  await using folder = temporaryFolder();
  const path = `${folder.path}/buffer.db`;
  const database = testAgentRuntime.databases.open(path, {
    synchronous: 'full',
    busyMs: 100,
    cacheBytes: 1e6,
  });
  database.exec(`
    CREATE TABLE messages(
      seq INTEGER PRIMARY KEY AUTOINCREMENT, severity INTEGER NOT NULL, copies INTEGER NOT NULL DEFAULT 0,
      bytes INTEGER NOT NULL, createdMs INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
    CREATE INDEX by_severity ON messages(severity, copies, seq, bytes);
    CREATE INDEX once ON messages(seq) WHERE copies = 1;
    CREATE TABLE counters(
      severity INTEGER PRIMARY KEY, produced INTEGER NOT NULL, delivered INTEGER NOT NULL, dropped INTEGER NOT NULL) STRICT;
    CREATE TABLE gaps(
      reason TEXT NOT NULL, severity INTEGER NOT NULL, count INTEGER NOT NULL, firstMs INTEGER NOT NULL,
      lastMs INTEGER NOT NULL, PRIMARY KEY(reason, severity)) STRICT, WITHOUT ROWID;
    CREATE TABLE state(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    PRAGMA user_version = 1;`);
  const message = {
    id: '01890a5d-ac96-774b-bcce-b302099a8057',
    createdMs: 1,
    severity: 'normal',
    text: 'old',
  };
  database
    .prepare('INSERT INTO messages(severity, bytes, createdMs, body) VALUES (1, 100, 1, ?)')
    .run(JSON.stringify(message));
  database.exec('INSERT INTO counters VALUES (1, 1, 0, 0)');
  database.close();
  await using buffer = await Buffer.open(targetsIn(folder.path));
  assert.deepEqual(textsOf(buffer.lane('').take()), ['old']);
  assert.ok(balances(buffer.totals));
});

const step = record({
  kind: constantFrom(
    'append',
    'append',
    'take',
    'store',
    'store once',
    'give back',
    'second',
    'go home',
    'kill',
  ),
  count: nat({ max: 40 }),
  severity: constantFrom(...severities),
});

test('produced = delivered + buffered + gaps after any steps and any kill, for every target', async () => {
  await check(
    asyncProperty(array(step, { maxLength: 40 }), async (steps) => {
      await using folder = temporaryFolder();
      let buffer = await Buffer.open(targetsIn(folder.path));
      let taken: Batch[] = [];
      let once: Batch[] = [];
      let produced = 0;
      let { path } = targetsIn(folder.path);
      for (const { kind, count, severity } of steps) {
        const batch = taken[count % Math.max(1, taken.length)];
        if (kind === 'append') {
          await buffer.append({
            drafts: Array.from({ length: count }, () =>
              draft('y'.repeat(count * 200 + (count % 2)), severity),
            ),
          });
          produced += count;
        } else if (kind === 'take') {
          const lane = buffer.lane(count % 2 ? 'south' : '');
          const more = lane.take() ?? (once.length === 0 ? lane.takeOnce() : null);
          if (more) taken.push(more);
        } else if (batch && kind === 'store')
          buffer.lane(batch.target).settle(batch, 2, 2, count === 3 ? [0] : []);
        else if (batch && kind === 'store once') {
          buffer.lane(batch.target).settle(batch, 1, 2, []);
          once.push(batch);
        } else if (batch && kind === 'give back') buffer.lane(batch.target).giveBack([batch]);
        else if (kind === 'second')
          for (const one of once.splice(0, 1)) buffer.lane(one.target).settleSecond(one);
        else if (kind === 'go home') {
          buffer.rehome('south');
          await buffer.append({ drafts: [] });
          assert.equal(waiting(buffer, 'south'), 0);
        } else if (kind === 'kill') {
          path = copyOf(path);
          await buffer[Symbol.asyncDispose]();
          buffer = await Buffer.open({ ...targetsIn(folder.path), path });
          [taken, once] = [[], []];
        }
        taken = taken.filter(
          (one) => one !== batch || kind === 'append' || kind === 'take' || kind === 'second',
        );
        assert.equal(buffer.totals.otherBytes, otherBytes(buffer));
        assert.ok(balances(buffer.totals), JSON.stringify(buffer.totals));
        assert.ok(sum(buffer.totals.produced) >= produced);
      }
      for (const batch of taken) buffer.lane(batch.target).giveBack([batch]);
      // With it the answers are committed that still waited for that.
      await buffer.append({ drafts: [] });
      for (const target of ['', 'south'])
        for (;;) {
          const batch = buffer.lane(target).take() ?? buffer.lane(target).takeOnce();
          if (!batch) break;
          buffer.lane(target).settle(batch, 2, 2, []);
        }
      await buffer.append({ drafts: [] });
      const { onceBytes, bufferedBytes, buffered } = buffer.totals;
      // A gap may have been told with the last commit.
      assert.deepEqual([waiting(buffer, 'south'), onceBytes], [0, 0]);
      assert.equal(sum(buffered) === 0, bufferedBytes === 0);
      await buffer[Symbol.asyncDispose]();
    }),
    { numRuns: 40 },
  );
});
