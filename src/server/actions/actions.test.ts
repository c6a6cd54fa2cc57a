import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Agent } from '../../agent/agent.ts';
import { actionRequestSchema, type ActionRequestInput, type ActionView } from '../../model/action-api.ts';
import { Rights, type Permission } from '../../model/rights.ts';
import { uuidV7 } from '../../model/uuid.ts';
import type { RunningServer } from '../start-server.ts';
import { allConnected, type TestNode } from '../testing/test-agent.ts';
import { runAgent } from '../testing/test-agents.ts';
import { countingProgram } from '../testing/test-programs.ts';
import { eventually, TestServers } from '../testing/test-servers.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wk-actions-'));
});
after(() => rm(folder, { recursive: true }));

const by = (name: string, ...permissions: Permission[]) => ({
  name,
  coreId: null,
  rights: new Rights(permissions),
});
const ann = by('ann', { right: 'act' }, { right: 'configure' });
const audited = { kind: 'user', by: 'ann', coreId: null, from: '127.0.0.1', session: null } as const;

function ask(server: RunningServer, request: ActionRequestInput, who = ann) {
  return server.view.actions.ask(actionRequestSchema.parse(request), who, audited);
}

function find(server: RunningServer, id: string): ActionView | null {
  return server.view.actions.detail(id, 0, null)?.action ?? null;
}

function printed(server: RunningServer, id: string): string {
  return (server.view.actions.detail(id, 0, null)?.output ?? []).map(({ text }) => text).join('');
}

const run = (servers: TestServers, node: TestNode, config: object = {}): Promise<Agent> =>
  runAgent(servers, node, join(folder, node.coreId), { config });
const counter = (name: string) => countingProgram(folder, name);

function setTool(server: RunningServer, name: string, source: object): Promise<void> {
  return server.view.actions.setTool(name, { source: { ...source } }, 'ann');
}

async function settled(servers: TestServers, id: string): Promise<ActionView> {
  await eventually('every server knows how it ended', () =>
    servers.running.every((server) => find(server, id)?.final === true),
  );
  const [first] = servers.running;
  assert.ok(first);
  return find(first, id) ?? assert.fail();
}

test('what is asked on one server is done by the agent of the other, and told everywhere', async () => {
  await using servers = await TestServers.start(2);
  const [first, second] = servers.running;
  assert.ok(first && second);
  await allConnected(servers);
  const node = await servers.enrolNode('web01');
  const { program, count } = await counter('restart');
  await setTool(first, 'restart', {
    command: [program, '${service}', '--', '-x'],
    parameters: { service: { type: 'text' } },
  });
  await using _agent = await run(servers, node, { servers: [servers.urlOf(second)] });
  const value = '--force; $(id) "x" \'y\'\nsecond line';
  const answer = await ask(first, {
    tool: 'restart',
    nodes: ['web01', 'none'],
    parameters: { service: value },
  });
  assert.deepEqual(answer.refused, [{ nodeName: 'none', because: 'there is no node none' }]);
  const [action] = answer.actions;
  assert.ok(action);
  const { state, because, exitCode, from } = await settled(servers, action.id);
  assert.deepEqual([state, because, exitCode, from], ['done', 'exit code 0', 0, 'm1']);
  assert.equal(printed(second, action.id).includes(`out: ${value}\n`), true);
  assert.equal(await count(), 2, 'one run, whose argument has two lines');
});

test('asked twice with one key, at two servers, is done once', async () => {
  await using servers = await TestServers.start(2);
  const [first, second] = servers.running;
  assert.ok(first && second);
  await allConnected(servers);
  const node = await servers.enrolNode('web01');
  const { program, count } = await counter('once');
  await setTool(first, 'once', { command: [program] });
  await using _agent = await run(servers, node);
  const idempotencyKey = uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
  await eventually('the other server knows the tool', () => second.view.actions.tools().length === 1);
  const request = { tool: 'once', nodes: ['web01'], idempotencyKey };
  const answers = await Promise.all([ask(first, request), ask(second, request), ask(first, request)]);
  const ids = new Set(answers.flatMap(({ actions }) => actions.map(({ id }) => id)));
  assert.equal(ids.size, 1);
  assert.equal((await settled(servers, [...ids][0] ?? '')).state, 'done');
  assert.equal(await count(), 1);

  // Under a key that somebody else has given, or that stood for something else, nothing is asked.
  await setTool(first, 'other', { command: ['/bin/true'] });
  const bob = by('bob', { right: 'act' });
  await assert.rejects(ask(first, { ...request, tool: 'other' }), { code: 'WK_CONFLICT' });
  await assert.rejects(ask(first, request, bob), { code: 'WK_CONFLICT' });
});

test('who may see none of many actions is answered page by page', async () => {
  await using servers = await TestServers.start(1);
  const [server] = servers.running;
  assert.ok(server);
  await servers.enrolNode('web01');
  await setTool(server, 'any', { command: ['/bin/true'] });
  for (let at = 0; at < 20; at++) await ask(server, { tool: 'any', nodes: ['web01'] });
  const scope = by('db', { right: 'see', nodes: ['db*'] }).rights.scope('see');
  const found: ActionView[] = [];
  let pages = 0;
  for (let cursor: string | undefined, isLast = false; !isLast; pages++) {
    const page = server.view.actions.page({ limit: 2, cursor }, scope);
    found.push(...page.actions);
    isLast = page.next === null;
    cursor = page.next ?? undefined;
  }
  assert.deepEqual([found.length, pages > 1], [0, true]);
});

test('an agent that ended in the middle says so, and does not begin again wherever it returns', async () => {
  await using servers = await TestServers.start(2);
  const [first, second] = servers.running;
  assert.ok(first && second);
  await allConnected(servers);
  const node = await servers.enrolNode('web01');
  const { program, count } = await counter('cut');
  await writeFile(program, `${await readFile(program, 'utf8')}exec sleep 2\n`);
  await setTool(first, 'cut', { command: [program] });
  let id = '';
  {
    await using _agent = await run(servers, node, { servers: [servers.urlOf(first)] });
    const answer = await ask(first, { tool: 'cut', nodes: ['web01'] });
    id = answer.actions[0]?.id ?? '';
    await eventually('it runs', () => find(first, id)?.state === 'running');
  }
  await using _again = await run(servers, node, { servers: [servers.urlOf(second)] });
  const { state, because } = await settled(servers, id);
  assert.equal(state, 'unknown');
  assert.match(because, /the agent ended while the program ran/);
  assert.equal(await count(), 1);
});

test('what a node could not begin in time it does not begin, and says so when it is back', async () => {
  await using servers = await TestServers.start(1);
  const [server] = servers.running;
  assert.ok(server);
  const node = await servers.enrolNode('web01');
  const { program, count } = await counter('late');
  await setTool(server, 'late', { command: [program] });
  await (await run(servers, node))[Symbol.asyncDispose]();
  const { actions, deadlineMs } = await ask(server, { tool: 'late', nodes: ['web01'], withinMs: 1_000 });
  const id = actions[0]?.id ?? '';
  assert.equal(find(server, id)?.state, 'asked');
  await eventually('the time is over', () => Date.now() > deadlineMs);
  await using _agent = await run(servers, node);
  const { state, because, startedMs } = await settled(servers, id);
  assert.deepEqual([state, startedMs], ['not done', null]);
  assert.match(because, /too late to begin/);
  assert.equal(await count(), 0);
});

test('the node has the last word: its programs, its users, its managers', async () => {
  await using servers = await TestServers.start(1);
  const [server] = servers.running;
  assert.ok(server);
  const node = await servers.enrolNode('web01');
  const { program, count } = await counter('own');
  await setTool(server, 'other', { command: ['/usr/bin/id'] });
  await setTool(server, 'as', { command: [program], user: 'nobody' });
  await setTool(server, 'fine', { command: [program] });
  await setTool(server, 'absent', { command: [`${folder}/own-absent`] });
  await using _agent = await run(servers, node, { programs: [`${folder}/own*`], users: [] });
  const outcome = async (tool: string): Promise<string> => {
    const { actions } = await ask(server, { tool, nodes: ['web01'] });
    const { state, because } = await settled(servers, actions[0]?.id ?? '');
    return `${state}: ${because}`;
  };
  assert.match(await outcome('other'), /^not done: this node lets the pool run only what "programs"/);
  assert.match(await outcome('as'), /^not done: this node lets .* "users" .* nobody is not in it/);
  assert.match(await outcome('absent'), /^not done: .*own-absent is not there/);
  assert.match(await outcome('fine'), /^done/);
  const policy =
    'RESPMGRCONFIGS\n RESPMGRCONFIG DESCRIPTION "x"\n  ACTIONALLOWMANAGERS\n   ACTIONALLOWMANAGER NODE OTHER "m9"\n';
  const source = { kind: 'flexible-management', name: 'who', text: policy };
  await server.view.policies.set('who', { source }, 'ann');
  await server.view.policies.setGroup('all', { nodes: ['*'], groups: [], policies: ['who'] }, 'ann');
  await eventually('the node has the policy', () =>
    server.view.policies.deployment(null).every(({ state }) => state === 'current'),
  );
  assert.match(await outcome('fine'), /^not done: m1 may not run actions on this node/);
  assert.equal(await count(), 1);
});

test('a right over some nodes and message groups is over those alone; the result becomes an annotation', async () => {
  await using servers = await TestServers.start(1);
  const [server] = servers.running;
  assert.ok(server);
  const [web, db] = [await servers.enrolNode('web01'), await servers.enrolNode('db01')];
  const { program } = await counter('note');
  await setTool(server, 'note', { command: [program, 'hello'] });
  await using agent = await run(servers, web);
  await using _other = await run(servers, db);
  const id = await agent.send({ severity: 'minor', text: 'full', group: 'disks' });
  await eventually('the message is there', () => server.view.message(id) !== null);
  const some = by('bob', { right: 'see' }, { right: 'act', nodes: ['web*'], groups: ['disks'] });
  const direct = await ask(server, { tool: 'note', nodes: ['web01', 'db01'] }, some);
  assert.deepEqual(
    direct.refused.map(({ because }) => because),
    ['bob may not run tools on db01', 'bob may not run tools on web01'],
  );
  const blind = by('eve', { right: 'act', nodes: ['web*'] });
  const { refused } = await ask(server, { tool: 'note', nodes: ['db01'] }, blind);
  assert.deepEqual(refused[0]?.because, 'there is no node db01');
  const { actions } = await ask(server, { tool: 'note', message: id }, some);
  await settled(servers, actions[0]?.id ?? '');
  const noted = () => server.view.message(id)?.operations.find(({ kind }) => kind === 'annotate');
  await eventually('the message says what was done', () => noted() !== undefined);
  assert.equal(noted()?.by, 'tool note');
  assert.match(noted()?.text ?? '', /asked by bob, on web01: done \(exit code 0\).*\nout: hello/);
  await assert.rejects(ask(server, { tool: 'note', nodes: [] }), { code: 'WK_BAD_REQUEST' });
  await assert.rejects(ask(server, { tool: 'none', nodes: ['web01'] }), { code: 'WK_NOT_FOUND' });
  await assert.rejects(ask(server, { tool: 'note', nodeGroups: ['none'] }), { code: 'WK_NOT_FOUND' });
});

test('output beyond the limit is cut, and a program that takes too long is killed', async () => {
  await using servers = await TestServers.start(1);
  const [server] = servers.running;
  assert.ok(server);
  const node = await servers.enrolNode('web01');
  await setTool(server, 'much', { command: ['/usr/bin/seq', '1', '100000'], outputMax: '1KiB' });
  await setTool(server, 'long', { command: ['/bin/sh', '-c', 'echo begun; sleep 60'], timeout: '500ms' });
  await using _agent = await run(servers, node);
  const much = (await ask(server, { tool: 'much', nodes: ['web01'] })).actions[0]?.id ?? '';
  const long = (await ask(server, { tool: 'long', nodes: ['web01'] })).actions[0]?.id ?? '';
  assert.deepEqual([(await settled(servers, much)).cut, printed(server, much).length], [true, 1_024]);
  const { state, because } = await settled(servers, long);
  assert.equal(`${state}: ${because}`, 'failed: it took longer than 500 ms and was killed');
  assert.equal(printed(server, long), 'begun\n');
});
