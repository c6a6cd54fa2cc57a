import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, statSync, truncateSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { encodeBody } from '../journal/body.ts';
import { dialLink } from '../link/dial-link.ts';
import { decodeFrame, encodeFrame } from '../link/frame.ts';
import type { LinkMessage } from '../link/messages.ts';
import { uuidV7 } from '../model/uuid.ts';
import { TestDisk } from '../runtime/node/test-disk.ts';
import type { Credentials } from '../runtime/network.ts';
import { serverPaths } from './server-paths.ts';
import type { RunningServer } from './start-server.ts';
import { eventually, TestServers } from './test-servers.ts';

type Node = Awaited<ReturnType<TestServers['enrolNode']>>;

function connectOptions(servers: TestServers, server: RunningServer, credentials: Credentials) {
  return {
    url: servers.urlOf(server),
    credentials,
    pool: servers.pool.id,
    timeoutMs: 5_000,
    messageBytesMax: 1e6,
  };
}

async function connectAgent(servers: TestServers, server: RunningServer, node: Node) {
  const { connection } = await dialLink(servers.runtime, {
    connect: connectOptions(servers, server, await servers.pool.credentials(node.identity)),
    self: 'agent',
    hello: { name: node.name, version: '0' },
  });
  const heard: LinkMessage[] = [];
  let closed: { code: string | null; text: string } | null = null;
  connection.onMessage((message) => heard.push(message));
  connection.onClose((close) => (closed = close));
  let batch = 0;
  return {
    heard,
    closed: () => closed,
    close: () => connection.close('done'),
    /** Sends a batch of anything at all, and answers its number. */
    send(messages: readonly unknown[], count = messages.length): number {
      batch += 1;
      const body = { node: node.coreId, nodeName: node.name, messages } as Parameters<typeof encodeBody>[1];
      connection.send({ type: 'batch', batch, count }, encodeBody('messages', body as never));
      return batch;
    },
    async answerTo(wanted: number): Promise<LinkMessage & { type: 'stored' | 'again' }> {
      const find = () =>
        heard.findLast(
          (message): message is LinkMessage & { type: 'stored' | 'again' } =>
            (message.type === 'stored' || message.type === 'again') && message.batch === wanted,
        );
      await eventually(`batch ${wanted} is answered`, () => find() !== undefined);
      return find() ?? assert.fail();
    },
  };
}

let made = 0;
function message(text: string) {
  made += 1;
  const id = uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
  return { id, createdMs: made, severity: 'minor' as const, text };
}

const texts = (server: RunningServer) =>
  server.view.page({ order: 'oldest', limit: 100 }).messages.map(({ text }) => text);
const has = (server: RunningServer, pattern: RegExp) => texts(server).some((text) => pattern.test(text));

async function allConnected(servers: TestServers): Promise<void> {
  await eventually('all members are connected', () =>
    servers.running.every((server) =>
      server.view.poolStatus().members.every(({ positions }) => positions !== null),
    ),
  );
}

const hello = { type: 'hello', protocolMin: 1, protocolMax: 1, name: 'rude', version: '0' } as const;

function raw(header: string, announced = header.length): Uint8Array {
  const bytes = Buffer.alloc(4 + header.length);
  bytes.writeUInt32BE(announced);
  bytes.write(header, 4, 'latin1');
  return bytes;
}

const rude: readonly [what: string, frames: readonly Uint8Array[], code: string, text: RegExp][] = [
  ['a frame beyond the largest', [new Uint8Array(9 * 1_048_576)], '', /size|payload/i],
  ['a header beyond the largest', [raw('{}', 2 ** 31)], 'WK_FRAME', /too large/],
  ['a header that is too deep', [raw('['.repeat(50_000))], 'WK_FRAME', /too deep/],
  ['a header that is not JSON', [raw('hello?')], 'WK_FRAME', /not JSON/],
  ['a header that is not UTF-8', [raw('"\xff\xfe"')], 'WK_FRAME', /not UTF-8/],
  ['a type that is unknown', [raw('{"type":"shutdown"}')], 'WK_FRAME', /type is unknown/],
  [
    'a batch before the hello',
    [encodeFrame({ type: 'batch', batch: 1, count: 1 })],
    'WK_FRAME',
    /not allowed/,
  ],
  ['a second hello', [encodeFrame(hello), encodeFrame(hello)], 'WK_FRAME', /not allowed/],
  [
    'a hello without a name',
    [raw('{"type":"hello","protocolMin":1,"protocolMax":1,"version":"0"}')],
    'WK_FRAME',
    /name/,
  ],
  [
    'a hello under the name of another node',
    [encodeFrame({ ...hello, name: 'web2' })],
    'WK_DENIED',
    /says its node is web2, the pool knows it as rude/,
  ],
  [
    'a hello of a later protocol only',
    [encodeFrame({ ...hello, protocolMin: 90, protocolMax: 91 })],
    'WK_PROTOCOL',
    /upgrade the older one/,
  ],
];

test('a running server refuses what is no conversation by its name, and the other agents notice nothing', async (t) => {
  await using servers = await TestServers.start(1);
  const [a] = servers.running;
  assert.ok(a);
  const calm = await connectAgent(servers, a, await servers.enrolNode('calm'));
  const node = await servers.enrolNode('rude');
  const credentials = await servers.pool.credentials(node.identity);
  for (const [what, frames, code, text] of rude)
    await t.test(what, async () => {
      const transport = await servers.runtime.network.connect(connectOptions(servers, a, credentials));
      const said: LinkMessage[] = [];
      const closed = new Promise<string>((resolve) => transport.onClose(resolve));
      transport.onMessage((bytes) => said.push(decodeFrame(bytes).message));
      for (const frame of frames) transport.send(frame);
      const why = await closed;
      const refusal = said.find((one) => one.type === 'refused');
      assert.equal(refusal?.code ?? '', code);
      assert.match(refusal?.text ?? why, text);
    });
  assert.equal((await calm.answerTo(calm.send([message('calm')]))).type, 'stored');
  assert.deepEqual(texts(a), ['calm']);
  calm.close();
});

test('certificates that are missing or of another pool do not reach the link', async () => {
  await using servers = await TestServers.start(1);
  await using strangers = await TestServers.start(1);
  const [a] = servers.running;
  const [stranger] = strangers.running;
  assert.ok(a && stranger);
  const node = await strangers.enrolNode('web1');
  const theirs = await strangers.pool.credentials(node.identity);
  const believing = { ...theirs, authorityPems: [servers.pool.authority.certificatePem] };
  await assert.rejects(servers.runtime.network.connect(connectOptions(servers, a, believing)), {
    code: 'WK_UNAUTHENTICATED',
  });
  const trust = { authorityPems: [servers.pool.authority.certificatePem] };
  const answer = await servers.runtime.network.call({
    url: `${servers.urlOf(a)}/api/v1/messages`,
    method: 'GET',
    timeoutMs: 3_000,
    trust,
  });
  assert.equal(answer.status, 401);
  assert.match(JSON.parse(answer.body).error.text, /a certificate or a bearer token is needed/);
});

const badFields: readonly [object, RegExp][] = [
  [{ text: undefined }, /^text: /],
  [{ text: '' }, /^text: /],
  [{ text: 7 }, /^text: .*string/],
  [{ text: 'x'.repeat(8_193) }, /^text: .*8192/],
  [{ text: 'bell \u0007' }, /^text: contains control characters/],
  [{ text: 'half \ud800' }, /^text: contains control characters/],
  [{ severity: 'loud' }, /^severity: /],
  [{ severity: undefined }, /^severity: /],
  [{ id: 'x' }, /^id: /],
  [{ createdMs: -1 }, /^createdMs: /],
  [{ application: 'a\nb' }, /^application: contains control characters/],
  [{ group: 'g'.repeat(257) }, /^group: /],
  [{ attributes: { a: 'v'.repeat(2_049) } }, /^attributes.a: /],
  [
    { attributes: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`a${index}`, ''])) },
    /^attributes: more than 64/,
  ],
  [{ extra: true }, /extra/],
];

test('bad messages are named by their place and never hold up the good ones, however many they are', async () => {
  await using servers = await TestServers.start(1);
  const [a] = servers.running;
  assert.ok(a);
  const node = await servers.enrolNode('web1');
  const agent = await connectAgent(servers, a, node);
  const bad = badFields.map(([fields]) => ({ ...message('bad'), ...fields }));
  const answer = await agent.answerTo(agent.send([...bad, message('good'), null, 7]));
  assert.ok(answer.type === 'stored');
  for (const [index, [fields, reason]] of badFields.entries())
    assert.match(answer.refused?.[index]?.text ?? '', reason, JSON.stringify(fields).slice(0, 60));
  assert.deepEqual(
    answer.refused?.map(({ index }) => index),
    [...badFields.keys(), bad.length + 1, bad.length + 2],
  );

  const key = '"\u{1f4a3}\u0001'.repeat(20);
  const many = Array.from({ length: 1_000 }, () => ({ ...message('bad'), [key]: '' }));
  const told = await agent.answerTo(agent.send([...many, message('good too')]));
  assert.ok(told.type === 'stored' && told.refused?.length === 1_000);
  assert.deepEqual(texts(a), ['good', 'good too']);

  agent.send(Array.from({ length: 5_000 }, () => ({ ...message('bad'), severity: 'loud' })));
  await eventually('more than can be told is refused', () => agent.closed() !== null);
  assert.equal(agent.closed()?.code, 'WK_BAD_REQUEST');
  assert.match(
    agent.closed()?.text ?? '',
    /^5000 messages of one batch are bad, the first because of severity: /,
  );
  assert.equal((await connectAgent(servers, a, node)).closed(), null);
});

test('a full disk: the agent is told, the server is not healthy until there is room, and goes on by itself', async () => {
  const disk = new TestDisk();
  await using servers = await TestServers.start(2, { runtime: { databases: disk } });
  const [a, b] = servers.running;
  assert.ok(a && b);
  await allConnected(servers);
  const agent = await connectAgent(servers, a, await servers.enrolNode('web1'));
  const large = () => Array.from({ length: 100 }, () => message('x'.repeat(2_000) + Math.random()));
  const paths = [a, b].map((server) => serverPaths(servers.dataOf(server)).database);
  for (const path of paths) disk.fill(path);
  const refused = await agent.answerTo(agent.send(large()));
  assert.ok(refused.type === 'again');
  assert.equal(refused.code, 'WK_DISK_FULL');
  assert.match(refused.text, /the disk is full; free some space/);
  // Longer than it takes to probe: a few bytes still fit, and are no proof of room.
  await pause(1_500);
  assert.deepEqual([a.view.readiness().ready, a.view.counts().total], [false, 0]);
  assert.match(a.view.readiness().because, /cannot commit: .*the disk is full/);

  disk.free(paths[0] ?? '');
  await eventually('a is healthy again by itself', () => a.view.readiness().ready);
  const stored = await agent.answerTo(agent.send(large()));
  assert.deepEqual([stored.type, stored.type === 'stored' && stored.copies], ['stored', 1]);
  assert.equal(a.view.poolStatus().atRisk.is, true);
  assert.equal(b.view.readiness().ready, false);

  disk.free(paths[1] ?? '');
  await eventually(
    'b has it too and is healthy',
    () => b.view.counts().total === 100 && b.view.readiness().ready,
  );
  await eventually('the agent hears of the second copy', () =>
    agent.heard.some((one) => one.type === 'stored' && one.copies === 2),
  );
  agent.close();
});

test('a damaged journal row is said, and who lacks the entry gets it from another member', async () => {
  await using servers = await TestServers.start(3);
  const [a, b, c] = servers.running;
  assert.ok(a && b && c);
  await allConnected(servers);
  await servers.stop(c);
  const agent = await connectAgent(servers, a, await servers.enrolNode('web1'));
  agent.send([message('while c was away')]);
  await eventually('b has it', () => has(b, /while c was away/));
  const other = new DatabaseSync(serverPaths(servers.dataOf(a)).database, { timeout: 2_000 });
  other.exec(`UPDATE journal SET body = x'2864' WHERE kind = 'messages'`);
  other.close();
  const back = await servers.restart(c);
  await eventually('c has it from b', () => has(back, /while c was away/), 10_000);
  for (const server of [a, b, back])
    await eventually('all say so', () =>
      has(server, /^Server m1 found damage in its journal at .* is missing or damaged/),
    );
  assert.equal((await agent.answerTo(agent.send([message('after')]))).type, 'stored');
  agent.close();
});

test('a damaged entry that nobody else has ends this run, and what follows it is not held up', async () => {
  await using servers = await TestServers.start(2);
  const [a, b] = servers.running;
  assert.ok(a && b);
  await allConnected(servers);
  await servers.stop(b);
  const node = await servers.enrolNode('web1');
  const agent = await connectAgent(servers, a, node);
  const alone = await agent.answerTo(agent.send([message('while b was away')]));
  assert.ok(alone.type === 'stored' && alone.copies === 1);
  const other = new DatabaseSync(serverPaths(servers.dataOf(a)).database, { timeout: 2_000 });
  other.exec(`UPDATE journal SET body = x'2864' WHERE kind = 'messages'`);
  other.close();
  await servers.restart(b);
  assert.equal(await a.stopped, 'an entry of its own is damaged');
  agent.close();
  await servers.stop(a);
  const back = await servers.restart(a);
  await allConnected(servers);
  const again = await connectAgent(servers, back, node);
  again.send([message('after')]);
  await eventually('it is stored twice', () =>
    again.heard.some((one) => one.type === 'stored' && one.copies === 2),
  );
  again.close();
});

/** What a torn disk leaves: the pages of a table, or all but the first, are garbage, and the next reader finds it. */
function garble(path: string, table?: string): void {
  const other = new DatabaseSync(path, { timeout: 2_000 });
  other.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const pages =
    table === undefined
      ? Array.from({ length: statSync(path).size / 4_096 - 1 }, (_, index) => index + 2)
      : other
          .prepare('SELECT pageno FROM dbstat WHERE name = ?')
          .all(table)
          .map(({ pageno }) => Number(pageno));
  const file = openSync(path, 'r+');
  for (const page of pages) writeSync(file, Buffer.alloc(4_096, 0xa5), 0, 4_096, (page - 1) * 4_096);
  closeSync(file);
  // Touches the first page only, and makes every other connection forget the pages it has in memory.
  other.exec('PRAGMA user_version = 7');
  other.close();
}

async function returnsWhole(
  servers: TestServers,
  back: RunningServer,
  expected: readonly string[],
): Promise<void> {
  assert.match(back.view.readiness().because, /database was damaged and it has not caught up yet/);
  await eventually('it is healthy again', () => back.view.readiness().ready, 10_000);
  for (const text of expected)
    await eventually('all is back', () => servers.running.every((server) => texts(server).includes(text)));
  await eventually('it says so', () => has(back, /^Server m1 started without its database: /));
  const names = readdirSync(servers.dataOf(back));
  assert.ok(names.some((name) => /^watchkeeper\.db\.damaged-\d+$/.test(name)));
  assert.ok(!names.includes('damage-found'));
}

test('a truncated database is moved aside, and everything comes back from the members', async () => {
  await using servers = await TestServers.start(2);
  const [a] = servers.running;
  assert.ok(a);
  await allConnected(servers);
  const agent = await connectAgent(servers, a, await servers.enrolNode('web1'));
  assert.equal((await agent.answerTo(agent.send([message('kept')]))).type, 'stored');
  await eventually('stored twice', () => servers.running.every((server) => has(server, /kept/)));
  await servers.stop(a);
  const path = serverPaths(servers.dataOf(a)).database;
  truncateSync(path, Math.floor(statSync(path).size / 2));
  await returnsWhole(servers, await servers.restart(a), ['kept']);
});

test('a database that turns out damaged in use ends this run, and the next one starts over from the members', async () => {
  await using servers = await TestServers.start(2);
  const [a] = servers.running;
  assert.ok(a);
  await allConnected(servers);
  const agent = await connectAgent(servers, a, await servers.enrolNode('web1'));
  assert.equal((await agent.answerTo(agent.send([message('kept')]))).type, 'stored');
  await eventually('stored twice', () => servers.running.every((server) => has(server, /kept/)));
  garble(serverPaths(servers.dataOf(a)).database);
  agent.send([message('not stored')]);
  assert.equal(await a.stopped, 'the database is damaged');
  assert.match(a.view.readiness().because, /^its database is damaged: .*malformed/);
  await servers.stop(a);
  await returnsWhole(servers, await servers.restart(a), ['kept']);
});

test('alone, a server with a damaged database refuses, is not healthy, and goes on answering', async () => {
  await using servers = await TestServers.start(1);
  const [a] = servers.running;
  assert.ok(a);
  const agent = await connectAgent(servers, a, await servers.enrolNode('web1'));
  assert.equal((await agent.answerTo(agent.send([message('kept')]))).type, 'stored');
  garble(serverPaths(servers.dataOf(a)).database, 'journal');
  agent.send([message('not stored')]);
  await eventually('the agent is told', () => agent.closed() !== null);
  assert.deepEqual(agent.closed()?.code, 'WK_DAMAGED');
  assert.match(agent.closed()?.text ?? '', /move it aside or restore a backup/);
  assert.equal(a.view.readiness().ready, false);
  assert.deepEqual(texts(a), ['kept']);
});
