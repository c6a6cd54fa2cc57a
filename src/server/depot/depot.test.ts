import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Agent } from '../../agent/agent.ts';
import { actionRequestSchema } from '../../model/action-api.ts';
import { Rights } from '../../model/rights.ts';
import { serverPaths } from '../server-paths.ts';
import type { RunningServer } from '../start-server.ts';
import { connectAgent, type TestNode } from '../testing/test-agent.ts';
import { runAgent } from '../testing/test-agents.ts';
import { eventually, TestServers } from '../testing/test-servers.ts';

const ann = { name: 'ann', coreId: null, rights: new Rights([{ right: 'configure' }]) };
const sha = (text: string): string => hash('sha256', text);
const saying = (text: string): string => `#!/bin/sh\necho "${text}|used=$#"\n`;
const policy = {
  kind: 'command',
  name: 'disk',
  command: ['depot:check_disk', '-w', 'depot:check_disk'],
  every: '1s',
};

async function put(server: RunningServer, name: string, text: string, revision = 0): Promise<number> {
  const file = { sha256: sha(text), sizeBytes: Buffer.byteLength(text) };
  await server.view.depot.upload(file, bodyOf(text));
  const change = { kind: 'depot-file', name, revision, content: { ...file, executable: true } } as const;
  return server.view.config.apply([change], ann, { via: 'depot add', hold: false });
}

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  for (const letter of Buffer.from(text)) yield Uint8Array.of(letter);
}

const run = (
  servers: TestServers,
  node: TestNode,
  data: string,
  server: RunningServer,
  more: object = {},
): Promise<Agent> => runAgent(servers, node, data, { config: { servers: [servers.urlOf(server)], ...more } });

const textsOf = (server: RunningServer): string[] =>
  server.view.page({ order: 'newest', limit: 100 }, null).messages.map(({ text }) => text);
const has = (server: RunningServer, text: string): boolean =>
  server.view.depot.list().files.some(({ sha256, servers }) => sha256 === sha(text) && servers.length === 2);

test('a file that a policy brings along is on every server and runs on its nodes, is changed, and goes', async () => {
  await using servers = await TestServers.start(2);
  const [first, second] = servers.running;
  assert.ok(first && second);
  const data = await mkdtemp(join(tmpdir(), 'wk-depot-'));
  const web = await servers.enrolNode('web01');
  const revision = await put(first, 'check_disk', saying('one'));
  await eventually('both have it', () => has(first, saying('one')) && has(second, saying('one')));
  await first.view.policies.set('disk', { source: policy }, 'ann');
  await first.view.policies.setGroup('web', { nodes: ['web*'], policies: ['disk'] }, 'ann');
  {
    await using agent = await run(servers, web, data, second);
    await eventually('it says what the file says', () => textsOf(first).includes('one'));
    assert.equal(agent.status.depot.files, 1);
    await assert.rejects(
      first.view.config.apply([{ kind: 'depot-file', name: 'check_disk', revision, content: null }], ann, {
        via: 'depot remove',
        hold: false,
      }),
      /depot file check_disk is used by policy disk/,
    );
    await put(first, 'check_disk', saying('two'), revision);
    await eventually('it says what the new one says', () => {
      const { fromPool, depot } = agent.status;
      return (
        fromPool.refused === null && depot.files === 1 && existsSync(`${data}/depot/${sha(saying('two'))}`)
      );
    });
    await first.view.policies.setGroup('web', { nodes: [], policies: ['disk'] }, 'ann');
    await eventually('what is not needed is gone', () => agent.status.depot.files === 0);
  }
  await rm(data, { recursive: true });
});

test('a tool brings its program along; what was given for a parameter is text, whatever it looks like', async () => {
  await using servers = await TestServers.start(2);
  const [first, second] = servers.running;
  assert.ok(first && second);
  const data = await mkdtemp(join(tmpdir(), 'wk-depot-'));
  const web = await servers.enrolNode('web01');
  const script = '#!/bin/sh\necho "$1"\ncat "$2"\n';
  await put(first, 'show', script);
  const parameters = { text: { type: 'text' } };
  const source = { command: ['depot:show', '${text}', 'depot:show'], parameters };
  await first.view.actions.setTool('show', { source }, 'ann');
  await assert.rejects(
    first.view.actions.setTool('none', { source: { command: ['depot:none'] } }, 'ann'),
    /there is no depot file none/,
  );
  await assert.rejects(
    first.view.actions.setTool('as', { source: { command: ['depot:show'], user: 'nobody' } }, 'ann'),
    /belong to the agent's own user/,
  );
  const by = { name: 'ann', coreId: null, rights: new Rights([{ right: 'act' }]) };
  const audited = { kind: 'user', by: 'ann', coreId: null, from: '127.0.0.1', session: null } as const;
  const outcome = async (): Promise<string> => {
    const request = actionRequestSchema.parse({
      tool: 'show',
      nodes: ['web01'],
      parameters: { text: 'depot:show' },
    });
    const id = (await first.view.actions.ask(request, by, audited)).actions[0]?.id ?? '';
    const detail = () => first.view.actions.detail(id, 0, null);
    await eventually('it has ended', () => detail()?.action.final === true);
    const printed = detail()?.output.map(({ text }) => text) ?? [];
    return [detail()?.action.state, detail()?.action.because, ...printed].join('\n');
  };
  {
    await using _agent = await run(servers, web, data, second);
    assert.equal(await outcome(), `done\nexit code 0\ndepot:show\n${script}`);
  }
  await using _strict = await run(servers, web, data, second, { depot: { allow: false } });
  assert.match(await outcome(), /^not done\nthis node takes no files from the depot/);
  await rm(data, { recursive: true });
});

test('a server that is new, was away or lost its files gets them from any other', async () => {
  await using servers = await TestServers.start(2);
  const [first, second] = servers.running;
  assert.ok(first && second);
  await servers.stop(second);
  await put(first, 'tool', saying('kept'));
  assert.deepEqual(first.view.depot.list().files[0]?.servers, ['m1'], 'all that are alive have it');
  const back = await servers.restart(second);
  await eventually('who was away has it', () => has(back, saying('kept')) && has(first, saying('kept')));

  const { depot } = serverPaths(servers.dataOf(first));
  const path = `${depot}/${sha(saying('kept'))}`;
  await chmod(path, 0o600);
  await writeFile(path, 'y'.repeat(saying('kept').length));
  await assert.rejects(async () => {
    for await (const _part of first.view.depot.read(sha(saying('kept'))).parts);
  }, /has not the SHA-256/);
  await first.view.policies.set(
    'load',
    { source: { ...policy, name: 'load', command: ['/bin/true'] } },
    'ann',
  );
  await put(first, 'another', saying('wakes it'));
  await eventually(
    'a damaged one is fetched anew',
    () => existsSync(path) && readFileSync(path, 'utf8') === saying('kept'),
  );
});

test('what a node does not take is refused there, and what does not fit together is not written', async () => {
  await using servers = await TestServers.start(1);
  const [server] = servers.running;
  assert.ok(server);
  const data = await mkdtemp(join(tmpdir(), 'wk-depot-'));
  const refuses = (change: Promise<unknown>, text: RegExp): Promise<void> => assert.rejects(change, text);
  await refuses(
    server.view.policies.set('disk', { source: policy }, 'ann'),
    /there is no depot file check_disk; define it first/,
  );
  const options = { via: 'depot add', hold: false };
  const content = { sha256: sha('nobody has it'), sizeBytes: 9 };
  const file = { sha256: sha(saying('one')), sizeBytes: saying('one').length };
  await refuses(server.view.depot.upload({ ...file, sizeBytes: 5 }, bodyOf(saying('one'))), /more came than/);
  await refuses(
    server.view.depot.upload({ ...file, sha256: sha('x') }, bodyOf(saying('one'))),
    /should have/,
  );
  await put(server, 'check_disk', saying('one'));
  const depot = { check_disk: file };
  await refuses(
    server.view.policies.set('disk', { source: { ...policy, depot } }, 'ann'),
    /depot: is added by servers/,
  );
  await server.view.policies.set('disk', { source: policy }, 'ann');
  await server.view.policies.setGroup('all', { nodes: ['*'], policies: ['disk'] }, 'ann');
  const stateOf = (name: string) => server.view.policies.deployment(null).find((node) => node.name === name);
  for (const [name, more, why] of [
    ['closed', { depot: { allow: false } }, /takes no files from the depot/],
    ['listing', { programs: ['/opt/*'] }, /takes no files from the depot/],
    ['choosing', { depot: { allow: ['0'.repeat(64)] } }, /takes only those files/],
    ['small', { depot: { bytesMax: '5B' } }, /"depot.bytesMax" of this node's configuration allows 5/],
    ['open', { programs: [], depot: { allow: [sha(saying('one'))] } }, null],
  ] as const) {
    const node = await servers.enrolNode(name);
    await using _agent = await run(servers, node, `${data}/${name}`, server, more);
    await eventually(name, () => stateOf(name)?.state === (why === null ? 'current' : 'refused'));
    if (why !== null) assert.match(stateOf(name)?.running?.refused?.text ?? '', why);
  }
  await rm(data, { recursive: true });
  const lost = { kind: 'depot-file', name: 'lost', revision: 0, content } as const;
  await refuses(
    server.view.config.apply([lost], ann, options),
    /no server that answers has the bytes of depot file lost/,
  );
});

test('a node gets the files that its policies or actions name and no others, as if those were not there', async () => {
  await using servers = await TestServers.start(1);
  const [server] = servers.running;
  assert.ok(server);
  const [web, db] = [await servers.enrolNode('web01'), await servers.enrolNode('db01')];
  await put(server, 'check_disk', saying('one'));
  await put(server, 'show', saying('a tool'));
  await server.view.policies.set('disk', { source: policy }, 'ann');
  await server.view.policies.setGroup('web', { nodes: ['web*'], policies: ['disk'] }, 'ann');
  await server.view.actions.setTool('show', { source: { command: ['depot:show'] } }, 'ann');
  const by = { name: 'ann', coreId: null, rights: new Rights([{ right: 'act' }]) };
  const audited = { kind: 'user', by: 'ann', coreId: null, from: '127.0.0.1', session: null } as const;
  const asks = async (node: TestNode, text: string): Promise<string> => {
    const agent = await connectAgent(servers, server, node);
    agent.say({ type: 'depotPlease', sha256: sha(text) });
    const answer = () => agent.heard.find(({ type }) => type === 'depotPart' || type === 'depotNone');
    await eventually('it is answered', () => answer() !== undefined);
    agent.close();
    return answer()?.type ?? '';
  };
  assert.equal(await asks(web, saying('one')), 'depotPart');
  assert.equal(await asks(db, saying('one')), 'depotNone', 'of the policy of another node');
  assert.equal(await asks(db, saying('a tool')), 'depotNone', 'of a tool that nobody ordered');
  const request = actionRequestSchema.parse({ tool: 'show', nodes: ['db01'], parameters: {} });
  await server.view.actions.ask(request, by, audited);
  assert.equal(await asks(db, saying('a tool')), 'depotPart');
  assert.equal(await asks(web, saying('a tool')), 'depotNone', 'ordered for another node');
  assert.equal(await asks(web, 'what nobody has'), 'depotNone');

  const refused = () =>
    server.view.access.audit({ limit: 10, action: 'depot.read', outcome: 'denied' }).records;
  await eventually('each refusal is in the audit trail', () => refused().length === 4);
  assert.deepEqual(
    refused().map(({ kind, by: who, target }) => [kind, who, target]),
    [
      ['agent', 'web01', sha('what nobody has')],
      ['agent', 'web01', sha(saying('a tool'))],
      ['agent', 'db01', sha(saying('a tool'))],
      ['agent', 'db01', sha(saying('one'))],
    ],
  );
  const guesser = await connectAgent(servers, server, db);
  for (let i = 0; i < 17; i++) guesser.say({ type: 'depotPlease', sha256: sha(`guess ${i}`) });
  await eventually('who guesses on is refused', () => guesser.closed()?.code === 'WK_DENIED');
});
