import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { MessageView } from '../../model/api.ts';
import { WatchError } from '../../model/errors.ts';
import type { HttpCall } from '../../runtime/network.ts';
import { jsonAnswer, runFake, type Answerer, type FakeOptions, type Ran } from '../fake-cli.ts';
import { processRuntime } from '../process-runtime.ts';

const runtime = processRuntime('', 'silent');
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wk-cli-'));
  await writeFile(join(folder, 'authority.pem'), 'PEM');
});
after(() => rm(folder, { recursive: true }));

const environment = { WK_SERVER: 'https://m1:1', WK_TOKEN: 'wkt', WK_AUTHORITY: 'authority.pem' };

function run(line: string, answer: Answerer, more: Partial<FakeOptions> = {}): Promise<Ran> {
  return runFake(line.split(' '), { runtime, workingDirectory: folder, environment, answer, ...more });
}

function message(number: number, more: Partial<MessageView> = {}): MessageView {
  return {
    id: `0190a6f4-0000-7000-8000-${String(number).padStart(12, '0')}`,
    createdMs: 1_700_000_000_000,
    severity: 'critical',
    text: `text ${number}`,
    node: '0190a6f4-0000-4000-8000-000000000001',
    nodeName: 'web01',
    state: 'open',
    owner: null,
    annotations: 0,
    receivedMs: 1_700_000_000_001,
    acknowledgedMs: null,
    acknowledgedBy: null,
    ...more,
  };
}

test('list: filters go to the server, pages are read until the limit, text is harmless', async () => {
  const calls: HttpCall[] = [];
  const all = Array.from({ length: 1_500 }, (_, number) => message(number, { text: 'a\u009b2Jb\nc' }));
  const answer: Answerer = (call) => {
    calls.push(call);
    const query = new URL(call.url).searchParams;
    const from = Number(query.get('cursor')?.slice(-12) ?? 0);
    const messages = all.slice(from, from + Number(query.get('limit')));
    const end = from + messages.length;
    return jsonAnswer({ messages, next: end < all.length ? message(end).id : null });
  };
  const line = 'message list --severity major --state open --node web01 --since 1h --limit 1200';
  const { exitCode, stdout, stderr } = await run(line, answer);
  assert.equal(exitCode, 0, stderr);
  assert.equal(stdout.split('\n').length, 1_202);
  assert.match(
    stdout,
    /^ID +AGE +SEVERITY +STATE +NODE +TEXT\n0190a6f4-\S+ +\d+d +✖ critical +open +web01 +a\u{fffd}2Jb c\n/u,
  );
  assert.match(stderr, /there are more than 1200/);
  const query = new URL(calls[0]?.url ?? '').searchParams;
  assert.deepEqual(
    [query.get('severity'), query.get('state'), query.get('node')],
    ['major', 'open', 'web01'],
  );
  assert.ok(Math.abs(Number(query.get('sinceMs')) - (Date.now() - 3_600_000)) < 10_000);
  assert.equal(calls.length, 2);

  const document = JSON.parse((await run('--json message list --limit 2', answer)).stdout);
  assert.equal(document.messages.length, 2);
  assert.equal(document.next, message(2).id);
  assert.equal(
    (await run('message list -q --limit 2', answer)).stdout,
    `${message(0).id}\n${message(1).id}\n`,
  );
});

test('list: nothing found is no error and nothing on standard output', async () => {
  const { exitCode, stdout, stderr } = await run('message list', () =>
    jsonAnswer({ messages: [], next: null }),
  );
  assert.deepEqual([exitCode, stdout, stderr], [0, '', 'no message matches\n']);
});

test('show: one message with its history', async () => {
  const operation = { id: 'x', kind: 'annotate', by: 'ann', atMs: 1_700_000_100_000, text: 'seen' };
  const decision = {
    id: 'y',
    kind: 'acknowledge',
    by: 'pool',
    atMs: 1,
    decision: { role: 'acting', epoch: 3, void: true },
  };
  const detail = { message: message(1, { attributes: { disk: 'sda' } }), operations: [operation, decision] };
  const { stdout } = await run(`message show ${message(1).id.toUpperCase()}`, () => jsonAnswer(detail));
  assert.match(stdout, /^severity +✖ critical$/m);
  assert.match(stdout, /^attribute disk +sda$/m);
  assert.match(stdout, /annotate by ann: seen$/m);
  assert.match(stdout, /acknowledge by pool, as acting epoch 3, void$/m);
  const { exitCode } = await run('message show nonsense', () => assert.fail());
  assert.equal(exitCode, 2);
});

test('operations: IDs from arguments and standard input, exit code 7 when only some were done', async () => {
  const ids = [1, 2].map((number) => message(number).id);
  const bodies: { kind: string; messages: string[]; idempotencyKey: string; text?: string }[] = [];
  const answer: Answerer = ({ body = '' }) => {
    bodies.push(JSON.parse(body));
    return jsonAnswer({
      results: ids.map((id, at) => ({
        message: id,
        done: at === 0,
        ...(at === 0 ? {} : { because: 'no such message' }),
      })),
      copies: 2,
    });
  };
  const { exitCode, stdout, stderr } = await run(`message acknowledge ${ids[0]} -`, answer, {
    input: `${ids[1]}\n${ids[0]}\n`,
  });
  assert.equal(exitCode, 7);
  assert.equal(stdout, '');
  assert.match(stderr, /^acknowledge: 1 done, on 2 servers\nwatchkeeper: \S+: no such message\n$/);
  assert.deepEqual(bodies[0]?.messages, ids);
  assert.match(bodies[0]?.idempotencyKey ?? '', /^[0-9a-f-]{36}$/);

  assert.equal((await run(`message annotate ${ids[0]}`, () => assert.fail())).exitCode, 2);
  assert.equal((await run('message own -', () => assert.fail(), { input: 'nonsense' })).exitCode, 2);
  const note = ['message', 'annotate', ids[0] ?? '', '--text', 'seen before', '--json'];
  const annotated = await runFake(note, { runtime, workingDirectory: folder, environment, answer });
  assert.equal(bodies.at(-1)?.text, 'seen before');
  assert.equal(JSON.parse(annotated.stdout).copies, 2);
});

test('follow: what is there, then what changes, each once; Ctrl-C ends it with 130', async () => {
  const event = (messages: MessageView[]): string[] => [
    'id: x',
    `data: ${JSON.stringify({ type: 'messages', messages })}`,
    '',
  ];
  const stop = new AbortController();
  const stream: FakeOptions['stream'] = async () => ({
    status: 200,
    lines: (async function* () {
      yield* event([]);
      yield* event([message(1), message(2), message(3, { severity: 'normal' })]);
      yield* event([message(2, { state: 'acknowledged', acknowledgedBy: 'ann' })]);
      stop.abort();
    })(),
  });
  const page: Answerer = () => jsonAnswer({ messages: [message(2), message(1)], next: null });
  const { exitCode, stdout } = await run('message list --severity major --follow', page, { stream, stop });
  assert.equal(exitCode, 130);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^.*web01 {2}/, ''));
  assert.deepEqual(
    lines,
    [1, 2, 2].map(
      (number, at) => `text ${number}  [${at === 2 ? 'acknowledged' : 'open'}]  ${message(number).id}`,
    ),
  );
});

test('errors: one line, an exit code by kind, never a stack', async () => {
  const fails = (code: ConstructorParameters<typeof WatchError>[0]) => () => {
    throw new WatchError(code, 'what; where;\n to do');
  };
  for (const [code, exit] of [
    ['WK_NOT_FOUND', 3],
    ['WK_DENIED', 4],
    ['WK_UNREACHABLE', 5],
    ['WK_CONFLICT', 6],
    ['WK_TIMEOUT', 124],
    ['WK_INTERNAL', 1],
  ] as const) {
    const { exitCode, stderr } = await run('message list', fails(code));
    assert.equal(exitCode, exit, code);
    assert.match(stderr, /^watchkeeper: what; where;; to do[^\n]*\n$/);
  }
  const unknown = await run('message lst', () => assert.fail());
  assert.deepEqual(
    [unknown.exitCode, unknown.stderr],
    [2, "watchkeeper: unknown command 'lst' (Did you mean list?); see --help\n"],
  );
  const option = await run('message list --servr x', () => assert.fail());
  assert.match(option.stderr, /unknown option '--servr' \(Did you mean --server\?\); see --help\n$/);
  const choice = await run('message list --severity fatal', () => assert.fail());
  assert.equal(choice.exitCode, 2);
  assert.match(choice.stderr, /Allowed choices are unknown, normal/);
});

test('who one is comes from options, environment or context, as a whole', async () => {
  const seen: HttpCall[] = [];
  const answer: Answerer = (call) => {
    seen.push(call);
    return jsonAnswer({ messages: [], next: null });
  };
  const token = join(folder, 'token');
  await writeFile(token, 'from-file\n', { mode: 0o600 });
  await run('message list --token-file token --server m2:7', answer);
  assert.equal(seen.at(-1)?.headers?.authorization, 'Bearer from-file');
  assert.match(seen.at(-1)?.url ?? '', /^https:\/\/m2:7\//);
  await writeFile(join(folder, 'loose'), 'x', { mode: 0o644 });
  assert.match((await run('message list --token-file loose', answer)).stderr, /chmod 600/);

  const none = { environment: {} };
  assert.match((await run('message list', answer, none)).stderr, /no server is named; give --server URL/);
  assert.match((await run('message list --server m1:1', answer, none)).stderr, /nothing says who you are/);
  await run('context add north --server m3:1 --token-file token --authority authority.pem', answer, none);
  assert.equal((await run('message list', answer, none)).exitCode, 0);
  assert.match(seen.at(-1)?.url ?? '', /^https:\/\/m3:1\//);
  assert.match(
    (await run('message list --context south', answer, none)).stderr,
    /there is no context south; there are: north/,
  );
  assert.equal((await run('context remove north', answer, none)).exitCode, 0);
});

test('help: every command has one, on standard output', async () => {
  for (const line of [
    '--help',
    'help',
    'message --help',
    'help message list',
    'message list --help',
    '--json pool status --help',
  ]) {
    const { exitCode, stdout, stderr } = await run(line, () => assert.fail());
    assert.deepEqual([exitCode, stderr], [0, ''], line);
    assert.match(stdout, /Usage: watchkeeper/);
  }
  assert.equal((await run('message', () => assert.fail())).exitCode, 2);
});
