import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { zstdDecompressSync } from 'node:zlib';
import { array, assert as check, asyncProperty, constantFrom, nat, record } from 'fast-check';
import type { Message } from '../../model/message.ts';
import { logFilePolicySchema, type LogFilePolicy } from '../../model/policy.ts';
import { WatchError } from '../../model/errors.ts';
import type { Commands } from '../../runtime/commands.ts';
import { batchSchema } from '../buffer/batch.ts';
import { Buffer } from '../buffer/buffer.ts';
import { temporaryFolder, testAgentRuntime } from '../testing/test-agent-runtime.ts';
import { compileLogPolicy } from './evaluate-line.ts';
import { LogFileSource } from './log-file.ts';

const noCommands: Commands = {
  run: () => Promise.reject(new WatchError('WK_NOT_FOUND')),
  standBy: () => assert.fail(),
  startSelf: () => assert.fail(),
  startDetached: () => assert.fail(),
  parent: null,
  self: { pid: 1, startTicks: 1, bootId: '' },
  hostName: 'here',
  credentialsFolder: null,
  end: () => false,
  isRunning: () => false,
};

/** An agent's buffer and one log source over a real folder; `skewMs` moves its clock on. */
class Bench {
  skewMs = 0;
  buffer!: Buffer;
  source!: LogFileSource;
  problems: (string | null)[] = [];
  #database: string;
  readonly policy: LogFilePolicy;

  constructor(folder: string, policy: Partial<Record<keyof LogFilePolicy, unknown>> = {}) {
    this.#database = `${folder}/buffer.db`;
    this.policy = logFilePolicySchema.parse({
      kind: 'log-file',
      name: 'test',
      path: `${folder}/a.log`,
      start: 'beginning',
      pollEvery: '1h',
      perMinuteMax: 100_000,
      conditions: [{ match: '^(?<text>.*)$' }],
      ...policy,
    });
  }

  async start(): Promise<this> {
    const { clock } = testAgentRuntime;
    const runtime = {
      ...testAgentRuntime,
      commands: noCommands,
      clock: { ...clock, monotonicMs: () => clock.monotonicMs() + this.skewMs },
    };
    this.buffer = await Buffer.open({
      runtime,
      path: this.#database,
      bytesMax: 64 * 1_048_576,
      node: { coreId: '01890a5d-ac96-774b-bcce-b302099a8057', name: 'web7' },
      onAppended: () => undefined,
      onFatal: (error) => assert.fail(error),
    });
    const onProblem = (_: string, problem: string | null): void => void this.problems.push(problem);
    const compiled = compileLogPolicy(this.policy);
    this.source = new LogFileSource({ runtime, buffer: this.buffer, compiled, onProblem });
    return this;
  }

  /** What a kill -9 leaves is the database as it is at this moment; the rest of the old process changes another. */
  async kill(): Promise<void> {
    const before = this.#database;
    this.#database = `${before}x`;
    for (const part of ['', '-wal'])
      if (existsSync(before + part)) copyFileSync(before + part, this.#database + part);
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.source[Symbol.asyncDispose]();
    await this.buffer[Symbol.asyncDispose]();
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 6; round += 1) {
      this.skewMs += 2_000;
      await this.source.poll();
    }
  }

  messages(): readonly Message[] {
    const all: Message[] = [];
    for (let batch = this.buffer.lane('').take(); batch; batch = this.buffer.lane('').take())
      all.push(...batchSchema.parse(JSON.parse(zstdDecompressSync(batch.body).toString())).messages);
    return all;
  }

  texts(): string[] {
    return this.messages().map(({ text }) => text);
  }
}

const step = record({
  kind: constantFrom(
    'write',
    'write',
    'write',
    'half',
    'poll',
    'poll',
    'rotate',
    'rotate fast',
    'truncate',
    'kill',
    'kill in poll',
  ),
  count: nat({ max: 30 }),
});

test('every complete line exactly once, whatever is written, rotated, truncated and killed in between', async () => {
  await check(
    asyncProperty(array(step, { maxLength: 30 }), async (steps) => {
      await using folder = temporaryFolder();
      const path = `${folder.path}/a.log`;
      const bench = await new Bench(folder.path).start();
      // A rotation before the policy first ran is none of its business.
      writeFileSync(path, '');
      await bench.source.poll();
      const expected: string[] = [];
      let line = 0;
      let half = '';
      let rotations = 0;
      const complete = (): void => {
        if (half !== '') expected.push(half);
        half = '';
      };
      for (const { kind, count } of steps) {
        if (kind === 'write')
          for (let index = 0; index < count; index += 1) {
            appendFileSync(path, `line ${(line += 1)}\n`);
            half += `line ${line}`;
            complete();
          }
        else if (kind === 'half') {
          appendFileSync(path, `half ${(line += 1)} `);
          half += `half ${line} `;
        } else if (kind === 'poll') await bench.source.poll();
        else if (kind.startsWith('rotate') && existsSync(path) && rotations < 8) {
          // Without a poll in between several rotations may pass unseen.
          if (kind === 'rotate') await bench.settle();
          rotations += 1;
          for (let number = 9; number >= 1; number -= 1)
            if (existsSync(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`);
          renameSync(path, `${path}.1`);
          writeFileSync(path, '');
          complete();
        } else if (kind === 'truncate' && existsSync(path)) {
          // What was not read before a truncation is lost with it, a half line too; so read first, in any state.
          await bench.settle();
          truncateSync(path, 0);
          half = '';
        } else if (kind === 'kill') await bench.kill();
        else if (kind === 'kill in poll') {
          const polling = bench.source.poll();
          await pause(count % 8);
          await bench.kill();
          await polling;
        }
      }
      await bench.settle();
      await bench.settle();
      assert.deepEqual(bench.texts(), expected);
      await bench.stop();
    }),
    { numRuns: 30 },
  );
});

test('a new policy begins at the end, passing over a half line, or at the beginning; a file that comes later is read whole', async () => {
  for (const [start, wanted] of [
    ['end', ['new']],
    ['beginning', ['old', 'half done', 'new']],
  ] as const) {
    await using folder = temporaryFolder();
    writeFileSync(`${folder.path}/a.log`, 'old\nhalf');
    const bench = await new Bench(folder.path, { start }).start();
    await bench.source.poll();
    appendFileSync(`${folder.path}/a.log`, ' done\nnew\n');
    await bench.source.poll();
    assert.deepEqual(bench.texts(), wanted);
    await bench.stop();
  }
  await using folder = temporaryFolder();
  const bench = await new Bench(folder.path, { start: 'end' }).start();
  await bench.source.poll();
  await bench.kill();
  writeFileSync(`${folder.path}/a.log`, 'first\n');
  await bench.source.poll();
  assert.deepEqual(bench.texts(), ['first']);
  await bench.stop();
});

test('a file written anew in place, longer than before, is noticed by its first bytes', async () => {
  await using folder = temporaryFolder();
  const bench = await new Bench(folder.path).start();
  writeFileSync(`${folder.path}/a.log`, 'one\n');
  await bench.source.poll();
  writeFileSync(`${folder.path}/a.log`, 'another and longer\nlast\n');
  await bench.source.poll();
  assert.deepEqual(bench.texts(), ['one', 'another and longer', 'last']);
  assert.equal(bench.source.status.counts['truncations'], 1);
  await bench.stop();
});

test('a line of 10 MB without a break is cut, marked and counted, in bounded memory; the next line is whole', async () => {
  await using folder = temporaryFolder();
  const bench = await new Bench(folder.path).start();
  const before = process.memoryUsage.rss();
  for (let part = 0; part < 10; part += 1) appendFileSync(`${folder.path}/a.log`, 'x'.repeat(1_048_576));
  await bench.source.poll();
  await bench.kill();
  appendFileSync(`${folder.path}/a.log`, 'y\nnext\n');
  await bench.source.poll();
  const [long, next, ...more] = bench.messages();
  assert.deepEqual([long?.text.length, long?.attributes?.['lineCut']], [8_192, 'true']);
  assert.deepEqual([next?.text, more.length, bench.source.status.counts['cutLines']], ['next', 0, 1]);
  assert.ok(process.memoryUsage.rss() - before < 100 * 1_048_576);
  await bench.stop();
});

test('invalid UTF-8 and control characters make a valid, marked message', async () => {
  await using folder = temporaryFolder();
  const bench = await new Bench(folder.path).start();
  writeFileSync(
    `${folder.path}/a.log`,
    Uint8Array.from([0x61, 0xff, 0xc3, 0x28, 0x1b, 0x00, 0x62, 0x0d, 0x0a]),
  );
  await bench.source.poll();
  const [message] = bench.messages();
  assert.deepEqual(
    [message?.text, message?.attributes],
    ['a\ufffd\ufffd(\ufffd\ufffdb', { invalidUtf8: 'true' }],
  );
  await bench.stop();
});

test('conditions: the first that matches decides, groups fill fields, suppress makes nothing', async () => {
  await using folder = temporaryFolder();
  const bench = await new Bench(folder.path, {
    conditions: [
      { match: 'health check', suppress: true },
      {
        match: '^(?<level>\\w+) \\[(?<object>\\w+)\\] user=(?<user>\\w+) (?<text>.*)$',
        severity: { group: 'level', map: { WARN: 'warning', Error: 'critical' }, otherwise: 'unknown' },
        key: 'login:${user}',
        group: 'security',
        attributes: { whole: '${line}' },
      },
      { match: 'panic', ignoreCase: true, severity: 'critical', text: 'it panics: ${line}' },
    ],
  }).start();
  const lines = [
    'ERROR [db] user=ann no luck',
    'WARN [db] user=ann health check',
    'other',
    'PANIC now',
    'INFO [x] user=b y',
  ];
  writeFileSync(`${folder.path}/a.log`, lines.join('\n').concat('\n'));
  await bench.source.poll();
  const [one, two, three, ...more] = bench.messages();
  const { id: _id, createdMs: _createdMs, ...fields } = one ?? assert.fail();
  assert.deepEqual(fields, {
    severity: 'critical',
    text: 'no luck',
    object: 'db',
    group: 'security',
    key: 'login:ann',
    attributes: { whole: lines[0], level: 'ERROR', user: 'ann' },
    source: 'test',
  });
  assert.deepEqual([two?.text, two?.severity], ['it panics: PANIC now', 'critical']);
  assert.deepEqual([three?.severity, more.length], ['unknown', 0]);
  await bench.stop();
});

test('a flood is limited, and the remainder is told when the minute is over, also after a kill', async () => {
  await using folder = temporaryFolder();
  const bench = await new Bench(folder.path, { perMinuteMax: 10 }).start();
  writeFileSync(`${folder.path}/a.log`, Array.from({ length: 1_000 }, (_, index) => `${index}\n`).join(''));
  await bench.source.poll();
  bench.skewMs += 10_000;
  await bench.source.poll();
  assert.equal(bench.source.status.counts['suppressed'], 990);
  await bench.kill();
  bench.skewMs += 61_000;
  await bench.source.poll();
  const texts = bench.texts();
  assert.equal(texts.length, 11);
  assert.match(texts[10] ?? '', /^990 more suppressed: policy test allows 10 messages a minute/);
  await bench.stop();
});

test('when the buffer takes nothing reading stops where it is, and goes on without loss', async () => {
  await using folder = temporaryFolder();
  const bench = await new Bench(folder.path).start();
  await bench.source.poll();
  const { buffer } = bench;
  const append = buffer.append.bind(buffer);
  buffer.append = () => Promise.reject(new WatchError('WK_DISK_FULL'));
  writeFileSync(`${folder.path}/a.log`, 'one\ntwo\n');
  await bench.source.poll();
  await bench.source.poll();
  assert.deepEqual(bench.problems, ['the disk is full']);
  buffer.append = append;
  await bench.source.poll();
  assert.deepEqual(
    [bench.texts(), bench.problems],
    [
      ['one', 'two'],
      ['the disk is full', null],
    ],
  );
  await bench.stop();
});

test('what is no file is a problem and never read; a file that was deleted while we were away is told', async () => {
  await using folder = temporaryFolder();
  const device = await new Bench(folder.path, { path: '/dev/zero' }).start();
  await device.source.poll();
  assert.match(device.source.status.problem ?? '', /is not a regular file/);
  await device.stop();

  const bench = await new Bench(folder.path).start();
  writeFileSync(`${folder.path}/a.log`, 'one\n');
  await bench.source.poll();
  await bench.stop();
  rmSync(`${folder.path}/a.log`);
  writeFileSync(`${folder.path}/b.log`, '');
  writeFileSync(`${folder.path}/a.log`, 'two\n');
  await bench.start();
  await bench.settle();
  const texts = bench.texts();
  assert.equal(texts[0], 'one');
  assert.equal(texts.at(-1), 'two');
  await bench.stop();
});
