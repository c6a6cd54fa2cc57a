import assert from 'node:assert/strict';
import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { zstdDecompressSync } from 'node:zlib';
import { codeOf, WatchError } from '../../model/errors.ts';
import type { Message, MessageDraft } from '../../model/message.ts';
import { severities } from '../../model/severity.ts';
import type { Databases } from '../../runtime/database.ts';
import { temporaryFolder, testAgentRuntime } from '../testing/test-agent-runtime.ts';
import { batchSchema, type Batch } from './batch.ts';
import { Buffer, bufferBytesMin, type BufferOptions } from './buffer.ts';
import { balances, sum } from './totals.ts';

const node = { coreId: '01890a5d-ac96-774b-bcce-b302099a8057', name: 'web7' };

function optionsFor(folder: string, more: Partial<BufferOptions> = {}): BufferOptions {
  return {
    runtime: testAgentRuntime,
    path: `${folder}/buffer.db`,
    bytesMax: bufferBytesMin,
    node,
    onAppended: () => undefined,
    onFatal: (error) => assert.fail(error),
    ...more,
  };
}

const draft = (text: string, severity: MessageDraft['severity'] = 'normal'): MessageDraft => ({
  severity,
  text,
});

function messagesOf(batch: Batch | null): readonly Message[] {
  assert.ok(batch);
  return batchSchema.parse(JSON.parse(zstdDecompressSync(batch.body).toString())).messages;
}

test('what was appended is in the next batch, under its IDs, and stored frees it', async () => {
  await using folder = temporaryFolder();
  await using buffer = await Buffer.open(optionsFor(folder.path));
  const [one, two] = await Promise.all([
    buffer.append({ drafts: [draft('a'), draft('b', 'critical')] }),
    buffer.append({ drafts: [draft('c')], state: { place: '7' } }),
  ]);
  const batch = buffer.lane('').take();
  assert.deepEqual(
    messagesOf(batch).map(({ id, text }) => [id, text]),
    [...one, ...two].map((id, index) => [id, ['a', 'b', 'c'][index]]),
  );
  assert.equal(buffer.lane('').take(), null);
  assert.equal(buffer.state('place'), '7');
  if (batch) buffer.lane('').settle(batch, 2, 2, []);
  await pause(100);
  assert.equal(sum(buffer.totals.buffered), 0);
  assert.equal(sum(buffer.totals.delivered), 3);
});

test('a batch that comes back is sent again first, as the same bytes', async () => {
  await using folder = temporaryFolder();
  await using buffer = await Buffer.open(optionsFor(folder.path));
  await buffer.append({ drafts: [draft('a')] });
  const first = buffer.lane('').take();
  await buffer.append({ drafts: [draft('b')] });
  const second = buffer.lane('').take();
  assert.ok(first && second);
  buffer.lane('').giveBack([second]);
  buffer.lane('').giveBack([first]);
  assert.equal(buffer.lane('').take(), first);
  assert.equal(buffer.lane('').take(), second);
  assert.equal(buffer.lane('').take(), null);
});

test('a batch stored once is kept, sent again, and freed when stored twice', async () => {
  await using folder = temporaryFolder();
  await using buffer = await Buffer.open(optionsFor(folder.path));
  await buffer.append({ drafts: [draft('a')] });
  const first = buffer.lane('').take();
  assert.ok(first);
  buffer.lane('').settle(first, 1, 2, []);
  await pause(100);
  assert.equal(sum(buffer.totals.buffered), 1);
  assert.equal(buffer.lane('').take(), null);
  const again = buffer.lane('').takeOnce();
  assert.ok(again);
  assert.equal(buffer.lane('').takeOnce(), null);
  assert.equal(messagesOf(again)[0]?.text, 'a');
  buffer.lane('').settle(again, 2, 2, []);
  await pause(100);
  assert.deepEqual(
    [sum(buffer.totals.buffered), buffer.totals.onceBytes, buffer.lane('').takeOnce()],
    [0, 0, null],
  );
});

test('a full buffer drops the lowest severity, oldest first, and reports the gap when there is room', async () => {
  await using folder = temporaryFolder();
  await using buffer = await Buffer.open(optionsFor(folder.path));
  const long = 'x'.repeat(8_000);
  const drafts = Array.from({ length: 100 }, (_, index) =>
    draft(`${index} ${long}`, index % 2 ? 'normal' : 'major'),
  );
  for (const one of drafts) await buffer.append({ drafts: [one] });
  await buffer.append({ drafts });
  const { dropped } = buffer.totals;
  assert.ok(balances(buffer.totals));
  assert.ok(buffer.totals.bufferedBytes <= bufferBytesMin);
  assert.ok((dropped[severities.indexOf('normal')] ?? 0) > 50);
  assert.equal(dropped[severities.indexOf('major')], 0);
  const texts = new Map<string, number>();
  for (let batch = buffer.lane('').take(); batch; batch = buffer.lane('').take()) {
    for (const { text, attributes } of messagesOf(batch))
      texts.set(text.slice(0, 4), Number(attributes?.['count']));
    buffer.lane('').settle(batch, 2, 2, []);
    await pause(60);
  }
  assert.equal(texts.get('gap:'), sum(dropped));
  assert.ok(balances(buffer.totals));
});

test('a full buffer first lets go of what one server has, whatever its severity', async () => {
  await using folder = temporaryFolder();
  await using buffer = await Buffer.open(optionsFor(folder.path));
  const long = 'x'.repeat(8_000);
  await buffer.append({ drafts: Array.from({ length: 30 }, () => draft(long, 'critical')) });
  const batch = buffer.lane('').take();
  assert.ok(batch);
  buffer.lane('').settle(batch, 1, 2, []);
  await buffer.append({ drafts: Array.from({ length: 120 }, () => draft(long, 'unknown')) });
  assert.equal(sum(buffer.totals.dropped), 0);
  assert.ok(sum(buffer.totals.delivered) >= 20);
  assert.ok(balances(buffer.totals));
});

test('a message that the pool refuses becomes a gap, by its reason', async () => {
  await using folder = temporaryFolder();
  await using buffer = await Buffer.open(optionsFor(folder.path));
  await buffer.append({ drafts: [draft('a'), draft('b'), draft('c')] });
  const batch = buffer.lane('').take();
  assert.ok(batch);
  buffer.lane('').settle(batch, 2, 2, [1]);
  await pause(200);
  assert.deepEqual([sum(buffer.totals.delivered), sum(buffer.totals.dropped)], [2, 1]);
  assert.match(
    messagesOf(buffer.lane('').take())[0]?.text ?? '',
    /^gap: 1 messages lost \(normal 1\), refused by the pool/,
  );
});

for (const [how, damage] of [
  ['overwritten', (path: string) => writeFileSync(path, 'not a database at all'.repeat(500))],
  ['truncated in the middle', (path: string) => truncateSync(path, 5_000)],
  ['emptied', (path: string) => truncateSync(path, 0)],
] as const)
  test(`a database that was ${how} is moved aside and reported, and the agent goes on`, async () => {
    await using folder = temporaryFolder();
    const before = await Buffer.open(optionsFor(folder.path));
    await before.append({ drafts: Array.from({ length: 200 }, () => draft('z'.repeat(500))) });
    await before[Symbol.asyncDispose]();
    damage(`${folder.path}/buffer.db`);
    await using buffer = await Buffer.open(optionsFor(folder.path));
    await buffer.append({ drafts: [draft('after')] });
    const messages = messagesOf(buffer.lane('').take());
    assert.match(messages[0]?.text ?? '', /^gap: an unknown number of messages lost: .*damaged/);
    assert.equal(messages[1]?.text, 'after');
    assert.equal(buffer.unknownGaps, 1);
    assert.equal(readdirSync(folder.path).filter((name) => name.includes('.damaged-')).length, 1);
  });

/** Databases whose commits fail with a code while `code` is set. */
function failingDatabases(fault: {
  code: 'WK_DISK_FULL' | 'WK_DISK_FAILED' | 'WK_DAMAGED' | null;
}): Databases {
  return {
    open(path, options) {
      const database = testAgentRuntime.databases.open(path, options);
      return {
        path,
        exec: (sql) => database.exec(sql),
        prepare: (sql) => database.prepare(sql),
        transaction: (run) =>
          database.transaction(() => {
            const value = run();
            const { code } = fault;
            // Damage is met once: what comes after works on the new file.
            if (code === 'WK_DAMAGED') fault.code = null;
            if (code) throw new WatchError(code);
            return value;
          }),
        backup: (to) => database.backup(to),
        close: () => database.close(),
      };
    },
  };
}

test('a full disk is told to the source, keeps the books, and passes', async () => {
  await using folder = temporaryFolder();
  const fault: Parameters<typeof failingDatabases>[0] = { code: null };
  const runtime = { ...testAgentRuntime, databases: failingDatabases(fault) };
  await using buffer = await Buffer.open(optionsFor(folder.path, { runtime }));
  await buffer.append({ drafts: [draft('a')] });
  const batch = buffer.lane('').take();
  assert.ok(batch);
  fault.code = 'WK_DISK_FULL';
  await assert.rejects(buffer.append({ drafts: [draft('b')] }), (error) => codeOf(error) === 'WK_DISK_FULL');
  assert.equal(buffer.diskFull, true);
  buffer.lane('').settle(batch, 2, 2, []);
  await pause(100);
  assert.deepEqual([sum(buffer.totals.produced), sum(buffer.totals.buffered)], [1, 1]);
  // A look in between must not step over the number that was rolled back.
  assert.equal(buffer.lane('').take(), null);
  fault.code = null;
  await buffer.append({ drafts: [draft('c')] });
  assert.equal(messagesOf(buffer.lane('').take())[0]?.text, 'c');
  assert.deepEqual([sum(buffer.totals.produced), sum(buffer.totals.delivered)], [2, 1]);
  assert.equal(buffer.diskFull, false);
});

test('damage met while running starts a new database; what waits goes into it, old answers are void', async () => {
  await using folder = temporaryFolder();
  const fault: Parameters<typeof failingDatabases>[0] = { code: null };
  const runtime = { ...testAgentRuntime, databases: failingDatabases(fault) };
  await using buffer = await Buffer.open(optionsFor(folder.path, { runtime }));
  await buffer.append({ drafts: [draft('a')] });
  const old = buffer.lane('').take();
  fault.code = 'WK_DAMAGED';
  await buffer.append({ drafts: [draft('b')] });
  if (old) buffer.lane('').settle(old, 2, 2, []);
  await pause(100);
  const texts = messagesOf(buffer.lane('').take()).map(({ text }) => text);
  assert.deepEqual(texts.map((text) => text.slice(0, 4)).sort(), ['b', 'gap:']);
  assert.equal(sum(buffer.totals.buffered), 2);
});

test('a failed disk ends the buffer once, and everything after is told', async () => {
  await using folder = temporaryFolder();
  const fault: Parameters<typeof failingDatabases>[0] = { code: null };
  const runtime = { ...testAgentRuntime, databases: failingDatabases(fault) };
  const fatal: WatchError[] = [];
  await using buffer = await Buffer.open(
    optionsFor(folder.path, { runtime, onFatal: (error) => fatal.push(error) }),
  );
  fault.code = 'WK_DISK_FAILED';
  for (const text of ['a', 'b'])
    await assert.rejects(
      buffer.append({ drafts: [draft(text)] }),
      (error) => codeOf(error) === 'WK_DISK_FAILED',
    );
  assert.equal(fatal.length, 1);
});
