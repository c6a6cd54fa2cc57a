import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { codeOf, textOf, WatchError } from '../model/errors.ts';
import { silentLog } from '../runtime/node/log.ts';
import { nodeNetwork } from '../runtime/node/network.ts';
import { nodeCommands } from '../runtime/node/commands.ts';
import type { Databases } from '../runtime/database.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { TestPool } from '../security/test-pool.ts';
import { startAgent, type Agent } from './agent.ts';
import type { AgentStatus } from './agent-status.ts';
import { agentConfigSchema } from './config.ts';
import { loadPolicies, noPolicies, type LoadedPolicies } from './load-policies.ts';
import { AgentClient } from './local/agent-client.ts';
import { TestManager } from './testing/test-manager.ts';
import { temporaryFolder, testAgentRuntime } from './testing/test-agent-runtime.ts';

const network = nodeNetwork(silentLog);
const runtime: Runtime = {
  ...testAgentRuntime,
  network,
  commands: nodeCommands({ entry: 'unused' }),
};

async function agentFor(
  pool: TestPool,
  data: string,
  servers: string[],
  more: { policies?: LoadedPolicies; runtime?: Runtime } = {},
): Promise<Agent> {
  const identity = pool.identity('agent');
  const config = agentConfigSchema.parse({
    name: 'web7',
    coreId: identity.coreId,
    pool: pool.id,
    servers,
    data,
    identity: { certificate: 'c', key: 'k', authorities: 'a' },
    buffer: { bytesMax: '1MiB' },
  });
  return startAgent({
    runtime: more.runtime ?? runtime,
    config,
    credentials: await pool.credentials(identity),
    policies: more.policies ?? noPolicies,
    version: '0.0.1',
    onFatal: (error) => assert.fail(error),
  });
}

async function until(what: string, holds: () => boolean, withinMs = 8_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!holds()) {
    assert.ok(performance.now() < end, `not within ${withinMs} ms: ${what}`);
    await pause(5);
  }
}

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
const balanced = ({ buffer }: AgentStatus): boolean =>
  total(buffer.produced) === total(buffer.delivered) + total(buffer.buffered) + total(buffer.dropped);

test('what is accepted arrives once, by the socket too; the socket is private, a second agent is refused', async () => {
  const pool = await TestPool.make();
  await using manager = await TestManager.open(pool);
  await using folder = temporaryFolder();
  await using agent = await agentFor(pool, folder.path, [manager.url]);
  const client = await AgentClient.connect(network, folder.path);
  const ids = await Promise.all(
    Array.from({ length: 1_500 }, (_, index) => client.send({ severity: 'minor', text: `m${index}` })),
  );
  await until('all stored', () => manager.stored.length >= 1_501);
  const stored = manager.stored.filter(({ severity }) => severity === 'minor');
  assert.deepEqual(
    stored.map(({ id }) => id),
    ids,
  );
  assert.equal(manager.stored[0]?.text, 'agent web7 started (version 0.0.1, 0 policies)');
  await until('buffer empty', () => total(agent.status.buffer.buffered) === 0);
  const status = await client.status();
  assert.ok(balanced(status));
  assert.deepEqual([status.connection.phase, status.connection.server], ['live', manager.url]);
  assert.equal(statSync(`${folder.path}/agent.sock`).mode & 0o777, 0o600);
  await assert.rejects(
    agentFor(pool, folder.path, [manager.url]),
    (error) => codeOf(error) === 'WK_PORT_IN_USE',
  );
  client.close();
});

test('the socket refuses what is not a message, in words, in order, and goes on', async () => {
  const pool = await TestPool.make();
  await using folder = temporaryFolder();
  await using agent = await agentFor(pool, folder.path, ['https://127.0.0.1:1']);
  assert.ok(agent);
  const connection = await network.connectLocal(`${folder.path}/agent.sock`);
  const answers: string[] = [];
  connection.onLine((line) => answers.push(line));
  for (const line of [
    'not json',
    '{"send":{"severity":"loud","text":"x"}}',
    '{"send":{"severity":"normal","text":""}}',
    `{"send":{"severity":"normal","text":"${'x'.repeat(9_000)}"}}`,
    '{"send":{"severity":"normal","text":"\\u0000"}}',
    '{"send":{"severity":"normal","text":"x","extra":1}}',
    '{"other":1}',
    '[[[[[[]]]]]]',
    '{"send":{"severity":"normal","text":"fine"}}',
  ])
    connection.sendLine(line);
  await until('nine answers', () => answers.length === 9);
  for (const answer of answers.slice(0, 8)) assert.match(answer, /^\{"error":\{"code":"WK_BAD_REQUEST"/);
  assert.match(answers[1] ?? '', /severity/);
  assert.match(answers[8] ?? '', /^\{"accepted":"/);
  connection.close();
});

test('when a manager dies the stream goes to the next at once, and nothing is lost', async () => {
  const pool = await TestPool.make();
  await using first = await TestManager.open(pool);
  await using second = await TestManager.open(pool);
  await using folder = temporaryFolder();
  await using agent = await agentFor(pool, folder.path, [first.url, second.url]);
  await until('connected', () => agent.status.connection.phase === 'live');
  first.answer = { kind: 'silence' };
  const ids: string[] = [];
  for (let index = 0; index < 20; index += 1)
    ids.push(await agent.send({ severity: 'normal', text: `${index}` }));
  await until('batches are on their way', () => first.batches.length >= 2);
  const startedMs = performance.now();
  await first[Symbol.asyncDispose]();
  await until('at the second', () => agent.status.connection.server === second.url, 1_000);
  await until('all there', () => ids.every((id) => second.stored.some((message) => message.id === id)));
  assert.ok(performance.now() - startedMs < 2_000);
  // What was under way comes again as the same batch.
  const last = first.batches.at(-1)?.ids;
  assert.ok(second.batches.some(({ ids: these }) => JSON.stringify(these) === JSON.stringify(last)));
  await until('balanced', () => total(agent.status.buffer.buffered) === 0 && balanced(agent.status));
});

test('messages stored once stay until they are stored twice, on another connection too', async () => {
  const pool = await TestPool.make();
  await using manager = await TestManager.open(pool);
  await using folder = temporaryFolder();
  await using agent = await agentFor(pool, folder.path, [manager.url]);
  manager.answer = { kind: 'stored', copies: 1 };
  await agent.send({ severity: 'normal', text: 'a' });
  await until('stored once', () => manager.stored.some(({ text }) => text === 'a'));
  await until('noted', () => agent.status.buffer.onceBytes > 0);
  assert.ok(total(agent.status.buffer.buffered) > 0);
  manager.answer = { kind: 'stored', copies: 1, thenTwo: true };
  manager.drop();
  await until('stored twice', () => total(agent.status.buffer.buffered) === 0);
  assert.ok(balanced(agent.status));
});

test('again is obeyed, said in the status, and ends in delivery; a refused message becomes a gap', async () => {
  const pool = await TestPool.make();
  await using manager = await TestManager.open(pool);
  await using folder = temporaryFolder();
  manager.answer = { kind: 'again', code: 'WK_DISK_FULL', afterMs: 100 };
  await using agent = await agentFor(pool, folder.path, [manager.url]);
  await until('told', () => agent.status.connection.problem?.code === 'WK_DISK_FULL');
  await pause(300);
  assert.ok(manager.batches.length <= 8, `${manager.batches.length} batches in 300 ms`);
  manager.answer = { kind: 'stored', copies: 2, refused: [0] };
  await until('refused', () => total(agent.status.buffer.dropped) === 1);
  manager.answer = { kind: 'stored', copies: 2 };
  await until('the gap is told', () =>
    manager.stored.some(({ text }) => text.startsWith('gap: 1 messages lost')),
  );
  await until('balanced', () => total(agent.status.buffer.buffered) === 0 && balanced(agent.status));
  assert.equal(agent.status.connection.problem, null);
});

test('a refusal for an unknown node is named and asked again rarely; messages stay', async () => {
  const pool = await TestPool.make();
  await using manager = await TestManager.open(pool);
  await using folder = temporaryFolder();
  manager.refusal = { code: 'WK_NODE_UNKNOWN', text: 'the node web7 is not enrolled', retry: false };
  await using agent = await agentFor(pool, folder.path, [manager.url]);
  await until('named', () => agent.status.connection.problem?.code === 'WK_NODE_UNKNOWN');
  assert.match(agent.status.connection.problem?.text ?? '', /web7 is not enrolled/);
  await pause(500);
  assert.deepEqual([agent.status.connection.phase, manager.connections], ['waiting', 0]);
  assert.equal(total(agent.status.buffer.buffered), 1);
});

test('the list of servers in the welcome is remembered on disk', async () => {
  const pool = await TestPool.make();
  await using known = await TestManager.open(pool);
  await using told = await TestManager.open(pool);
  await using folder = temporaryFolder();
  known.servers = [told.url];
  const before = await agentFor(pool, folder.path, [known.url]);
  await until('learned', () => before.status.connection.servers[0] === told.url);
  await until('all delivered', () => total(before.status.buffer.buffered) === 0);
  await before[Symbol.asyncDispose]();
  await known[Symbol.asyncDispose]();
  await using agent = await agentFor(pool, folder.path, [known.url]);
  await until(
    'there',
    () => agent.status.connection.server === told.url && agent.status.connection.phase === 'live',
  );
});

test('policies come from files; a refused one names file, line and reason and is a message', async () => {
  const pool = await TestPool.make();
  await using manager = await TestManager.open(pool);
  await using folder = temporaryFolder();
  const at = (name: string): string => `${folder.path}/${name}`;
  writeFileSync(at('log.txt'), 'level=error disk on fire\n');
  const log = (name: string, match: string): string =>
    `kind: log-file\nname: ${name}\npath: ${at('log.txt')}\nstart: beginning\npollEvery: 50ms\nconditions:\n  - match: '${match}'\n    severity: { group: level, map: { error: critical }, otherwise: normal }\n`;
  writeFileSync(at('good.yaml'), log('good', 'level=(?<level>\\w+) (?<text>.*)'));
  writeFileSync(at('loop.yaml'), log('loop', '(?<level>(a+)+)\\1$'));
  writeFileSync(at('typo.yml'), 'kind: command\nname: x\ncommand: [/bin/true]\nevry: 1m\n');
  writeFileSync(
    at('command.yaml'),
    'kind: command\nname: c\ncommand: [/bin/sh, -c, "echo FINE; exit 1"]\nevery: 1s\n',
  );
  const policies = await loadPolicies(runtime.files, folder.path);
  assert.deepEqual(
    policies.policies.map(({ name }) => name),
    ['c', 'good'],
  );
  assert.match(
    policies.refused[0]?.text ?? '',
    /loop\.yaml:7: conditions\[0\]\.match: .*refers back to a group/,
  );
  assert.match(policies.refused[1]?.text ?? '', /typo\.yml:4: evry: is not a known key/);
  await using agent = await agentFor(pool, `${folder.path}/data`, [manager.url], { policies });
  assert.ok(agent);
  const text = (wanted: RegExp): boolean => manager.stored.some((message) => wanted.test(message.text));
  await until('the log line', () =>
    manager.stored.some(({ text, severity }) => text === 'disk on fire' && severity === 'critical'),
  );
  await until('the check', () =>
    manager.stored.some(({ text, severity }) => text === 'FINE' && severity === 'warning'),
  );
  await until(
    'the refusals',
    () => text(/^policy refused: .*typo\.yml/) && text(/^policy refused: .*loop\.yaml/),
  );
});

test('a full disk is told to who sends, at the start too, and the agent lives on', async () => {
  const pool = await TestPool.make();
  await using manager = await TestManager.open(pool);
  await using folder = temporaryFolder();
  const fault = { full: true };
  const databases: Databases = {
    open(path, options) {
      const database = testAgentRuntime.databases.open(path, options);
      return new Proxy(database, {
        get(target, name) {
          if (name !== 'transaction') {
            const value: unknown = Reflect.get(target, name, target);
            return typeof value === 'function' ? value.bind(target) : value;
          }
          return <T>(run: () => T): T =>
            target.transaction(() => {
              const value = run();
              if (fault.full) throw new WatchError('WK_DISK_FULL');
              return value;
            });
        },
      });
    },
  };
  const before = await agentFor(pool, folder.path, [manager.url]);
  await before[Symbol.asyncDispose]();
  await using agent = await agentFor(pool, folder.path, [manager.url], {
    runtime: { ...runtime, databases },
  });
  await assert.rejects(
    agent.send({ severity: 'normal', text: 'x' }),
    (error) => codeOf(error) === 'WK_DISK_FULL' && textOf(error) === 'the disk is full',
  );
  assert.ok(agent.status.buffer.diskFull);
  fault.full = false;
  await agent.send({ severity: 'normal', text: 'y' });
  await until('y is there', () => manager.stored.some(({ text }) => text === 'y'));
  assert.ok(balanced(agent.status));
});
