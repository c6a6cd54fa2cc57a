import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { zstdDecompressSync } from 'node:zlib';
import { assert as check, asyncProperty, constantFrom, array, nat, record } from 'fast-check';
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

/** Everything a killed process leaves behind: its files as they are now, under another name. */
function copyOf(path: string): string {
  for (const part of ['', '-wal'])
    if (existsSync(path + part)) copyFileSync(path + part, `${path}-copy${part}`);
  return `${path}-copy`;
}

test('what was appended is in the next batch, under its IDs, and stored frees it', async () => {
  await using folder = temporaryFolder();
  await using buffer = await Buffer.open(optionsFor(folder.path));
  const [one, two] = await Promise.all([
    buffer.append({ drafts: [draft('a'), draft('b', 'critical')] }),
    buffer.append({ drafts: [draft('c')], state: { place: '7' } }),
  ]);
  const batch = buffer.take();
  assert.deepEqual(
    messagesOf(batch).map(({ id, text }) => [id, text]),
    [...one, ...two].map((id, index) => [id, ['a', 'b', 'c'][index]]),
  );
  assert.equal(buffer.take(), null);
  assert.equal(buffer.state('place'), '7');
  if (batch) buffer.settle(batch, 2, 2, []);
  await pause(100);
  assert.equal(sum(buffer.totals.buffered), 0);
  assert.equal(sum(buffer.totals.delivered), 3);
});

test('a batch that comes back is sent again first, as the same bytes', async () => {
  await using folder = temporaryFolder();
  await using buffer = await Buffer.open(optionsFor(folder.path));
  await buffer.append({ drafts: [draft('a')] });
  const first = buffer.take();
  await buffer.append({ drafts: [draft('b')] });
  const second = buffer.take();
  assert.ok(first && second);
  buffer.giveBack([second]);
  buffer.giveBack([first]);
  assert.equal(buffer.take(), first);
  assert.equal(buffer.take(), second);
  assert.equal(buffer.take(), null);
});

test('a batch stored once is kept, sent again, and freed when stored twice', async () => {
  await using folder = temporaryFolder();
  await using buffer = await Buffer.open(optionsFor(folder.path));
  await buffer.append({ drafts: [draft('a')] });
  const first = buffer.take();
  assert.ok(first);
  buffer.settle(first, 1, 2, []);
  await pause(100);
  assert.equal(sum(buffer.totals.buffered), 1);
  assert.equal(buffer.take(), null);
  const again = buffer.takeOnce();
  assert.ok(again);
  assert.equal(buffer.takeOnce(), null);
  assert.equal(messagesOf(again)[0]?.text, 'a');
  buffer.settle(again, 2, 2, []);
  await pause(100);
  assert.deepEqual([sum(buffer.totals.buffered), buffer.totals.onceBytes, buffer.takeOnce()], [0, 0, null]);
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
  for (let batch = buffer.take(); batch; batch = buffer.take()) {
    for (const { text, attributes } of messagesOf(batch))
      texts.set(text.slice(0, 4), Number(attributes?.['count']));
    buffer.settle(batch, 2, 2, []);
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
  const batch = buffer.take();
  assert.ok(batch);
  buffer.settle(batch, 1, 2, []);
  await buffer.append({ drafts: Array.from({ length: 120 }, () => draft(long, 'unknown')) });
  assert.equal(sum(buffer.totals.dropped), 0);
  assert.ok(sum(buffer.totals.delivered) >= 20);
  assert.ok(balances(buffer.totals));
});

test('a message that the pool refuses becomes a gap, by its reason', async () => {
  await using folder = temporaryFolder();
  await using buffer = await Buffer.open(optionsFor(folder.path));
  await buffer.append({ drafts: [draft('a'), draft('b'), draft('c')] });
  const batch = buffer.take();
  assert.ok(batch);
  buffer.settle(batch, 2, 2, [1]);
  await pause(200);
  assert.deepEqual([sum(buffer.totals.delivered), sum(buffer.totals.dropped)], [2, 1]);
  assert.match(
    messagesOf(buffer.take())[0]?.text ?? '',
    /^gap: 1 messages lost \(normal 1\), refused by the pool/,
  );
});

const step = record({
  kind: constantFrom('append', 'append', 'take', 'store', 'store once', 'give back', 'second', 'kill'),
  count: nat({ max: 40 }),
  severity: constantFrom(...severities),
});

test('produced = delivered + buffered + gaps after any steps and any kill', async () => {
  await check(
    asyncProperty(array(step, { maxLength: 40 }), async (steps) => {
      await using folder = temporaryFolder();
      let buffer = await Buffer.open(optionsFor(folder.path));
      let taken: Batch[] = [];
      let once: Batch[] = [];
      let produced = 0;
      let { path } = optionsFor(folder.path);
      for (const { kind, count, severity } of steps) {
        const batch = taken[count % Math.max(1, taken.length)];
        if (kind === 'append') {
          await buffer.append({
            drafts: Array.from({ length: count }, () => draft('y'.repeat(count * 200 + 1), severity)),
          });
          produced += count;
        } else if (kind === 'take') {
          const more = buffer.take() ?? (once.length === 0 ? buffer.takeOnce() : null);
          if (more) taken.push(more);
        } else if (batch && kind === 'store') buffer.settle(batch, 2, 2, count === 3 ? [0] : []);
        else if (batch && kind === 'store once') {
          buffer.settle(batch, 1, 2, []);
          once.push(batch);
        } else if (batch && kind === 'give back') buffer.giveBack([batch]);
        else if (kind === 'second') for (const one of once.splice(0, 1)) buffer.settleSecond(one);
        else if (kind === 'kill') {
          path = copyOf(path);
          await buffer[Symbol.asyncDispose]();
          buffer = await Buffer.open({ ...optionsFor(folder.path), path });
          [taken, once] = [[], []];
        }
        taken = taken.filter(
          (one) => one !== batch || kind === 'append' || kind === 'take' || kind === 'second',
        );
        assert.ok(balances(buffer.totals), JSON.stringify(buffer.totals));
        assert.ok(sum(buffer.totals.produced) >= produced);
      }
      await buffer[Symbol.asyncDispose]();
    }),
    { numRuns: 40 },
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
    const messages = messagesOf(buffer.take());
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
  const batch = buffer.take();
  assert.ok(batch);
  fault.code = 'WK_DISK_FULL';
  await assert.rejects(buffer.append({ drafts: [draft('b')] }), (error) => codeOf(error) === 'WK_DISK_FULL');
  assert.equal(buffer.diskFull, true);
  buffer.settle(batch, 2, 2, []);
  await pause(100);
  assert.deepEqual([sum(buffer.totals.produced), sum(buffer.totals.buffered)], [1, 1]);
  // A look in between must not step over the number that was rolled back.
  assert.equal(buffer.take(), null);
  fault.code = null;
  await buffer.append({ drafts: [draft('c')] });
  assert.equal(messagesOf(buffer.take())[0]?.text, 'c');
  assert.deepEqual([sum(buffer.totals.produced), sum(buffer.totals.delivered)], [2, 1]);
  assert.equal(buffer.diskFull, false);
});

test('damage met while running starts a new database; what waits goes into it, old answers are void', async () => {
  await using folder = temporaryFolder();
  const fault: Parameters<typeof failingDatabases>[0] = { code: null };
  const runtime = { ...testAgentRuntime, databases: failingDatabases(fault) };
  await using buffer = await Buffer.open(optionsFor(folder.path, { runtime }));
  await buffer.append({ drafts: [draft('a')] });
  const old = buffer.take();
  fault.code = 'WK_DAMAGED';
  await buffer.append({ drafts: [draft('b')] });
  if (old) buffer.settle(old, 2, 2, []);
  await pause(100);
  const texts = messagesOf(buffer.take()).map(({ text }) => text);
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
