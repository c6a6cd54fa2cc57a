import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, statSync, truncateSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { faultyCoordination, type CoordinationFaults } from '../../coordination/faulty.ts';
import { nodeTimers } from '../../runtime/node/clock.ts';
import { TestDisk } from '../../runtime/node/test-disk.ts';
import { serverPaths } from '../server-paths.ts';
import type { RunningServer } from '../start-server.ts';
import { allConnected, connectAgent, has, message, texts } from '../testing/test-agent.ts';
import { eventually, TestServers } from '../testing/test-servers.ts';

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

test('without its database and without the coordinator a server says so, and calls nobody unknown', async () => {
  let isAway = false;
  const faults: CoordinationFaults = {
    call: () => ({ requestMs: 0, answerMs: 0, lost: isAway ? 'request' : 'nothing' }),
    watchMs: () => (isAway ? null : 0),
    retryMs: 20,
    callMs: 50,
  };
  await using servers = await TestServers.start(1, {
    coordination: (inner) => faultyCoordination(inner, nodeTimers, faults),
  });
  const [a] = servers.running;
  assert.ok(a);
  const node = await servers.enrolNode('web1');
  (await connectAgent(servers, a, node)).close();
  await servers.stop(a);
  garble(serverPaths(servers.dataOf(a)).database);
  isAway = true;
  const back = await servers.restart(a);
  await assert.rejects(connectAgent(servers, back, node), {
    code: 'WK_UNAVAILABLE',
    message: /no definitions/,
  });
  isAway = false;
  await eventually('it knows its pool again', () => back.view.poolStatus().members.length > 0);
  (await connectAgent(servers, back, node)).close();
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
