import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBody } from '../journal/body.ts';
import { dialLink } from '../link/dial-link.ts';
import type { LinkMessage } from '../link/messages.ts';
import { Rights } from '../model/rights.ts';
import { uuidV7 } from '../model/uuid.ts';
import type { RunningServer } from './start-server.ts';
import { eventually, TestServers } from './testing/test-servers.ts';

async function agentOf(servers: TestServers, url: string) {
  const node = await servers.enrolNode('web1');
  const { runtime, pool } = servers;
  const { connection, welcome } = await dialLink(runtime, {
    connect: {
      url,
      credentials: await pool.credentials(node.identity),
      pool: pool.id,
      timeoutMs: 5_000,
      messageBytesMax: 1e6,
    },
    self: 'agent',
    hello: { name: node.name, version: '0' },
  });
  const heard: LinkMessage[] = [];
  connection.onMessage((message) => heard.push(message));
  const message = (text: string) => ({
    id: uuidV7(runtime.clock.wallMs(), runtime.random.bytes(10)),
    createdMs: runtime.clock.wallMs(),
    severity: 'minor' as const,
    text,
  });
  const body = (texts: string[]) =>
    encodeBody('messages', { node: node.coreId, nodeName: node.name, messages: texts.map(message) });
  return { connection, welcome, heard, body, node };
}

const texts = (server: RunningServer) =>
  server.view
    .page({ order: 'oldest', limit: 10 })
    .messages.map(({ text }) => text)
    .toSorted();

const mayOperate = new Rights([{ right: 'operate' }]);

test('a batch is acknowledged when two servers have it and is then on all three', async () => {
  await using servers = await TestServers.start(3);
  const [a, b, c] = servers.running;
  assert.ok(a && b && c);
  await eventually('all members are connected', () =>
    a.view.poolStatus().members.every((m) => m.positions !== null),
  );
  const agent = await agentOf(servers, servers.urlOf(a));
  agent.connection.send(
    { type: 'batch', batch: 1, count: 2 },
    agent.body(['disk is full', 'disk is fuller']),
  );
  await eventually('it is stored twice', () =>
    agent.heard.some((message) => message.type === 'stored' && message.batch === 1 && message.copies === 2),
  );
  for (const server of [a, b, c]) {
    await eventually('it is everywhere', () => server.view.counts().total === 2);
    assert.deepEqual(texts(server), ['disk is full', 'disk is fuller']);
  }
  await eventually(
    'they have the same state',
    () => new Set([a, b, c].map((server) => server.view.poolStatus().server.stateHash)).size === 1,
  );
  agent.connection.close('done');
});

test('a server that was away gets what it missed, also of a server that is gone', async () => {
  await using servers = await TestServers.start(3);
  const [a, b, c] = servers.running;
  assert.ok(a && b && c);
  await eventually('all members are connected', () =>
    a.view.poolStatus().members.every((m) => m.positions !== null),
  );
  await servers.stop(c);
  const agent = await agentOf(servers, servers.urlOf(a));
  agent.connection.send({ type: 'batch', batch: 1, count: 1 }, agent.body(['while c was away']));
  await eventually('b has it', () => b.view.counts().total === 1);
  await servers.stop(a);
  const back = await servers.restart(c);
  await eventually('c has it through b', () => back.view.counts().total === 1, 10_000);
});

test('messages of another node, of an unknown node, and bad messages are refused by name', async () => {
  await using servers = await TestServers.start(1);
  const [a] = servers.running;
  assert.ok(a);
  const agent = await agentOf(servers, servers.urlOf(a));
  const good = {
    id: uuidV7(1, new Uint8Array(10)),
    createdMs: 1,
    severity: 'minor' as const,
    text: 'good',
  };
  const mixed = {
    node: agent.node.coreId,
    nodeName: agent.node.name,
    messages: [{ ...good, text: '' }, good],
  };
  agent.connection.send({ type: 'batch', batch: 1, count: 2 }, encodeBody('messages', mixed));
  await eventually('the good one is stored, the bad one is named', () =>
    agent.heard.some(
      (m) => m.type === 'stored' && m.refused?.[0]?.index === 0 && m.refused[0].text.startsWith('text'),
    ),
  );
  assert.equal(a.view.counts().total, 1);
  const foreign = { node: servers.pool.id, nodeName: 'other', messages: [good] };
  const closed = new Promise<string | null>((resolve) =>
    agent.connection.onClose((close) => resolve(close.code)),
  );
  agent.connection.send({ type: 'batch', batch: 2, count: 1 }, encodeBody('messages', foreign));
  assert.equal(await closed, 'WK_DENIED');
  const stranger = servers.pool.identity('agent');
  const dialled = dialLink(servers.runtime, {
    connect: {
      url: servers.urlOf(a),
      credentials: await servers.pool.credentials(stranger),
      pool: servers.pool.id,
      timeoutMs: 5_000,
      messageBytesMax: 1e6,
    },
    self: 'agent',
    hello: { name: 'stranger', version: '0' },
  });
  await assert.rejects(dialled, { code: 'WK_NODE_UNKNOWN' });
  assert.equal(a.view.counts().total, 1);
});

test('an operation is on every server, and repeating it changes nothing', async () => {
  await using servers = await TestServers.start(2);
  const [a, b] = servers.running;
  assert.ok(a && b);
  await eventually('members are connected', () =>
    a.view.poolStatus().members.every((m) => m.positions !== null),
  );
  const agent = await agentOf(servers, servers.urlOf(a));
  agent.connection.send({ type: 'batch', batch: 1, count: 1 }, agent.body(['to be acknowledged']));
  await eventually('b has it', () => b.view.counts().total === 1);
  const id = b.view.page({ order: 'newest', limit: 1 }).messages[0]?.id ?? '';
  const request = { kind: 'acknowledge' as const, messages: [id], idempotencyKey: servers.pool.id };
  assert.equal((await b.view.operate(request, { name: 'ann', rights: mayOperate })).copies, 2);
  await b.view.operate(request, { name: 'ann', rights: mayOperate });
  await eventually('a shows it', () => a.view.message(id)?.message.state === 'acknowledged');
  assert.equal(a.view.message(id)?.operations.length, 1);
  assert.equal(a.view.message(id)?.message.acknowledgedBy, 'ann');
});

test('a server that was away for longer than the journal is kept takes a snapshot and loses nothing of its own', async () => {
  await using servers = await TestServers.start(3, {
    journal: { keepMs: 0, keepForAbsentMs: 0, keepForAbsentBytes: 1 },
  });
  const [a, b, c] = servers.running;
  assert.ok(a && b && c);
  await eventually('members are connected', () =>
    a.view.poolStatus().members.every((m) => m.positions !== null),
  );
  const agent = await agentOf(servers, servers.urlOf(a));
  agent.connection.send({ type: 'batch', batch: 1, count: 1 }, agent.body(['before']));
  await eventually('c has the first', () => texts(c).includes('before'));
  await servers.stop(c);
  agent.connection.send({ type: 'batch', batch: 2, count: 1 }, agent.body(['while c was away']));
  await eventually('b has it', () => texts(b).includes('while c was away'));
  await eventually('a and b have trimmed it', () =>
    [a, b].every((server) => server.view.changesSince({}, 10) === 'trimmed'),
  );
  const back = await servers.restart(c);
  assert.equal(await back.stopped, 'a snapshot was received');
  await servers.stop(back);
  const installed = await servers.restart(back);
  const ofAgents = texts(installed).filter((text) => !text.startsWith('Server '));
  assert.deepEqual(ofAgents, ['before', 'while c was away']);
  await eventually(
    'all are equal',
    () => new Set([a, b, installed].map((server) => server.view.poolStatus().server.stateHash)).size === 1,
  );
});

test('what only one of two servers has stays in its journal beyond every limit, and it says so', async () => {
  await using servers = await TestServers.start(2, {
    journal: { keepMs: 0, keepForAbsentMs: 0, keepForAbsentBytes: 1 },
  });
  const [a, b] = servers.running;
  assert.ok(a && b);
  await eventually('members are connected', () =>
    a.view.poolStatus().members.every((m) => m.positions !== null),
  );
  await servers.stop(b);
  const agent = await agentOf(servers, servers.urlOf(a));
  agent.connection.send({ type: 'batch', batch: 1, count: 1 }, agent.body(['while b was away']));
  await eventually('a says so', () =>
    texts(a).some((text) => /^Server m1 keeps \d+ MiB of journal/.test(text)),
  );
  const back = await servers.restart(b);
  await eventually('b has it, without a snapshot', () => texts(back).includes('while b was away'));
  agent.connection.close('done');
});
