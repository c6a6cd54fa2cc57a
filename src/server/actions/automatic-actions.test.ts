import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ActionOrder } from '../../model/action.ts';
import { Rights, type Permission } from '../../model/rights.ts';
import type { RunningServer } from '../start-server.ts';
import { allConnected } from '../testing/test-agent.ts';
import { runAgent } from '../testing/test-agents.ts';
import { countingProgram } from '../testing/test-programs.ts';
import { eventually, TestServers } from '../testing/test-servers.ts';
import { AutomaticActions } from './automatic-actions.ts';
import { PolicyBook } from './policy-book.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wk-automatic-'));
});
after(() => rm(folder, { recursive: true }));

const by = (name: string, ...permissions: Permission[]) => ({
  name,
  coreId: null,
  rights: new Rights(permissions),
});
const ann = by('ann', { right: 'act' }, { right: 'configure' });
const audited = { kind: 'user', by: 'ann', coreId: null, from: '127.0.0.1', session: null } as const;

function actionsOn(server: RunningServer, message?: string) {
  return server.view.actions.page({ limit: 100, message }, null).actions;
}

function found(server: RunningServer, text: string) {
  const [message] = server.view.page({ order: 'oldest', limit: 10, text }).messages;
  return message ? (server.view.message(message.id) ?? null) : null;
}

/** What stands in the history of the message with that text. */
function notes(server: RunningServer, text: string): string[] {
  return (found(server, text)?.operations ?? []).map(
    (one) => `${one.kind} by ${one.by}${one.text === undefined ? '' : `: ${one.text}`}`,
  );
}

/** The policy goes to every node, and whoever is connected runs it. */
async function deploy(
  server: RunningServer,
  source: { readonly name: string; readonly [key: string]: unknown },
): Promise<void> {
  const { policies } = server.view;
  await policies.set(source.name, { source: { ...source } }, 'ann');
  await policies.setGroup('all', { nodes: ['*'], groups: [], policies: [source.name] }, 'ann');
}

const deployed = (server: RunningServer) =>
  eventually('the nodes run it', () =>
    server.view.policies.deployment(null).every(({ state }) => state === 'current'),
  );

/** A message as the agent's own source would make it. */
function disk(text: string, more: object = {}) {
  return { severity: 'major' as const, text, source: 'disks', attributes: { condition: 'full', ...more } };
}

function diskPolicy(program: string, action: object = {}) {
  return {
    kind: 'log-file',
    name: 'disks',
    path: '/none',
    conditions: [
      {
        name: 'full',
        match: 'disk (?<disk>\\S+) full',
        automaticAction: { command: [program, '${text}', '--', '${disk}'], ...action },
      },
    ],
  };
}

test('a line of a log has a tool run on its node, with what it says as one argument, and the message tells of it', async () => {
  await using servers = await TestServers.start(2);
  const [first, second] = servers.running;
  assert.ok(first && second);
  await allConnected(servers);
  servers.act(first, 1);
  const node = await servers.enrolNode('web01');
  const { program, count } = await countingProgram(folder, 'clean');
  const log = join(folder, 'app.log');
  await writeFile(log, '');
  const parameters = { what: { type: 'text' } };
  await first.view.actions.setTool('clean', { source: { command: [program, '${what}'], parameters } }, 'ann');
  const offered = { tool: 'clean', parameters: { what: 'by hand: ${text}' }, acknowledge: true };
  const condition = { name: 'full', match: 'disk (?<disk>.*) full', text: 'full: ${disk}', group: 'disks' };
  await deploy(first, {
    kind: 'log-file',
    name: 'disks',
    path: log,
    start: 'beginning',
    conditions: [
      {
        ...condition,
        automaticAction: { tool: 'clean', parameters: { what: '${disk}' } },
        operatorAction: offered,
      },
      { match: 'noise' },
    ],
  });
  await using _agent = await runAgent(servers, node, join(folder, node.coreId), {
    config: { servers: [servers.urlOf(second)] },
  });
  await deployed(first);
  await eventually('it follows', () => first.view.poolStatus().serverRules.active);
  const nasty = `-x "$(id)" 'y' \`z\`; --force`;
  await appendFile(log, `noise\ndisk ${nasty} full\n`);
  await eventually('it was done, and the message says so', () =>
    [first, second].every((server) => notes(server, 'full:').some((note) => /done/.test(note))),
  );
  assert.match(
    notes(second, 'full:').join(),
    /^annotate by policy disks: Automatic action clean of policy disks on web01: done \(exit code 0\).*out: -x/s,
  );
  assert.equal(await readFile(join(folder, 'clean.log'), 'utf8'), `${program} ${nasty}\n`);
  const id = found(first, 'full:')?.message.id ?? '';
  const [action] = actionsOn(second, id);
  assert.deepEqual(
    [action?.by, action?.from, action?.decision, action?.policy?.kind],
    ['policy disks', 'm1', { role: 'acting', epoch: 1 }, 'automatic'],
  );
  assert.equal(found(first, 'full:')?.message.state, 'open', 'this action does not acknowledge');

  const { actions } = second.view;
  const bob = by('bob', { right: 'act', groups: ['other'] }, { right: 'see' });
  assert.match(actions.offered(id, bob)?.whyNot ?? '', /bob may not run tools on web01/);
  assert.equal((await actions.act(id, {}, bob, audited)).actions.length, 0);
  assert.equal(
    actions.offered(id, by('eve'))?.whyNot,
    undefined,
    'whom the message is hidden from it offers nothing',
  );
  const shown = actions.offered(id, ann);
  assert.deepEqual([shown?.whyNot, shown?.parameters], [null, { what: `by hand: full: ${nasty}` }]);
  await actions.act(id, {}, ann, audited);
  await eventually(
    'that is done too, and acknowledges',
    () => found(first, 'full:')?.message.state === 'acknowledged',
  );
  assert.match(notes(first, 'full:').at(-1) ?? '', /acknowledge by policy disks|asked by ann/);
  assert.equal(await count(), 2);
});

test('an acting server that is lost between deciding and asking is followed by one that asks, once', async () => {
  await using servers = await TestServers.start(2);
  const [first, second] = servers.running;
  assert.ok(first && second);
  await allConnected(servers);
  const node = await servers.enrolNode('web01');
  const { program, count } = await countingProgram(folder, 'failover');
  await deploy(first, diskPolicy(program, { acknowledge: true }));
  const agent = await runAgent(servers, node, join(folder, node.coreId));
  await deployed(first);
  servers.act(first, 1);
  await eventually('it follows', () => first.view.poolStatus().serverRules.active);
  // Decided, and never brought: the node is away before it can hear of it.
  await agent.send(disk('disk one full'));
  await eventually('both have it', () =>
    [first, second].every((server) => found(server, 'disk one') !== null),
  );
  await agent[Symbol.asyncDispose]();
  await eventually('it is decided', () => actionsOn(first).length === 1);
  const [{ state: before } = { state: '' }] = actionsOn(first);
  await eventually('the other server has the order', () => actionsOn(second).length === 1);
  await servers.stop(first);
  servers.act(second, 2);
  // The same of a message that comes while nobody acts, and of one that comes to the new one.
  await using again = await runAgent(servers, node, join(folder, node.coreId), {
    config: { servers: [servers.urlOf(second)] },
  });
  await again.send(disk('disk two full'));
  await eventually('both are done', () => actionsOn(second).filter(({ final }) => final).length === 2);
  assert.deepEqual(
    actionsOn(second).map(({ state }) => state),
    ['done', before === 'unknown' ? 'unknown' : actionsOn(second)[1]?.state],
  );
  const runs = await count();
  assert.ok(runs === 2 || actionsOn(second)[1]?.state === 'unknown', `${runs} runs`);
  const revived = await servers.restart(first);
  await eventually(
    'who comes back agrees',
    () => actionsOn(revived).filter(({ final }) => final).length === 2,
  );
  assert.equal(await count(), runs, 'nothing was done again');
});

test('what cannot be begun is said on the message, and what another may not trigger is not', async () => {
  await using servers = await TestServers.start(1);
  const [server] = servers.running;
  assert.ok(server);
  servers.act(server, 1);
  const { policies } = server.view;
  const node = await servers.enrolNode('web01');
  const { program, count } = await countingProgram(folder, 'refused');
  await using agent = await runAgent(servers, node, join(folder, node.coreId));
  await deploy(server, diskPolicy(program, { node: 'gone01' }));
  await deployed(server);
  await eventually('it follows', () => server.view.poolStatus().serverRules.active);
  await agent.send(disk('disk one full'));
  await eventually('it is said', () => notes(server, 'disk one').length === 1);
  assert.match(
    notes(server, 'disk one')[0] ?? '',
    /^annotate by policy disks: .* was not begun: there is no node gone01$/,
  );
  await agent.send({ ...disk('disk two full'), attributes: { condition: 'another' } });
  await agent.send({ ...disk('disk three full'), source: 'other' });
  // The policy is not one of its node any more; by the other one it is seen that the message before was looked at.
  await policies.set('disks', { source: diskPolicy(program) }, 'ann');
  await policies.set('gone', { source: { ...diskPolicy(program, { node: 'gone01' }), name: 'gone' } }, 'ann');
  await policies.setGroup('all', { nodes: ['*'], groups: [], policies: ['gone'] }, 'ann');
  await agent.send(disk('disk four full'));
  await agent.send({ ...disk('disk five full'), source: 'gone' });
  await eventually('it is said again', () => notes(server, 'disk five').length === 1);
  await policies.setGroup('all', { nodes: ['*'], groups: [], policies: ['disks'] }, 'ann');
  await agent.send(disk('disk six full', { disk: '' }));
  await eventually('the last one is done', () => notes(server, 'disk six').length === 1);
  assert.equal(await count(), 1);
  assert.deepEqual(
    ['two', 'three', 'four'].map((text) => notes(server, `disk ${text}`)),
    [[], [], []],
  );
});

test('what is wrong with an action is said when it is written', async () => {
  await using servers = await TestServers.start(1);
  const [server] = servers.running;
  assert.ok(server);
  const { policies, actions, config } = server.view;
  const set = (action: object, more: object = {}) => {
    const condition = { name: 'full', match: '(?<disk>x)', automaticAction: action, ...more };
    const source = { kind: 'log-file', name: 'disks', path: '/none', conditions: [condition] };
    return policies.set('disks', { source }, 'ann');
  };
  await assert.rejects(set({ tool: 'clean' }), /there is no tool clean; define it first/);
  const parameters = { what: { type: 'text' } };
  await actions.setTool('clean', { source: { command: ['/bin/true', '${what}'], parameters } }, 'ann');
  await assert.rejects(set({ tool: 'clean' }), /tool clean needs its parameter what/);
  await assert.rejects(set({ tool: 'clean', parameters: { wat: 'x' } }), /no parameter wat; there are: what/);
  await assert.rejects(set({ tool: 'clean', command: ['/bin/true'] }), /either a tool or a command/);
  await assert.rejects(
    set({ command: ['/bin/true', '${disc}'] }),
    /\$\{disc\}, which no message has; .* disk/,
  );
  await assert.rejects(set({ command: ['/bin/${disk}'] }), /the program itself is fixed/);
  await assert.rejects(set({ command: ['/bin/true'] }, { name: undefined }), /needs a name/);
  await assert.rejects(set({ command: ['/bin/true'] }, { suppress: true }), /makes no message/);
  await assert.rejects(
    set({ command: ['/bin/true'] }, { match: '(?<condition>x)' }),
    /is the name of the condition/,
  );
  await set({ tool: 'clean', parameters: { what: '${disk}' } });
  const other = { source: { command: ['/bin/true', '${that}'], parameters: { that: { type: 'text' } } } };
  await assert.rejects(actions.setTool('clean', other, 'ann'), /policy disks could not use it any more/);
  await assert.rejects(actions.removeTool('clean', { force: false }, 'ann'), /is used by policy disks/);
  await assert.rejects(actions.removeTool('clean', { force: true }, 'ann'), /change it first/);
  const [policy] = policies.list();
  const change = {
    kind: 'policy',
    name: 'disks',
    revision: policy?.revision ?? 0,
    content: policy?.source ?? {},
  } as const;
  await assert.rejects(
    config.apply([change], by('eve', { right: 'configure' }), { via: 'x', hold: false }),
    /eve has no right to act on every node/,
  );
});

test('a crash between the record and the order leaves the order to whoever decides next, with the same ID', async () => {
  const orders: ActionOrder[] = [];
  let isBroken = true;
  let recorded = 0;
  const coreId = '0190a6f4-0000-4000-8000-000000000002';
  const source = diskPolicy('/bin/echo');
  const policies = [{ name: 'disks', source, changedMs: 0, by: 'ann' }];
  const acting = (name: string, epoch: number) =>
    new AutomaticActions({
      clock: { wallMs: () => 10_000, monotonicMs: () => 0, timeZone: () => 'UTC' },
      self: { coreId, name },
      pool: coreId,
      book: new PolicyBook({
        policies: () => policies,
        tools: () => [],
        depotFiles: () => [],
        assigned: () => ['disks'],
      }),
      rows: {
        get: (id) => {
          const order = orders.find((one) => one.id === id);
          return order === undefined ? null : { order, started: null, ended: null };
        },
        openBelow: (_, below) => orders.filter(({ decision }) => (decision?.epoch ?? 0) < below),
        openCount: () => 0,
      },
      journal: { append: () => assert.fail(), nextHlc: () => 1 },
      node: () => ({ coreId, name: 'web01', joinedMs: 0 }),
      nodeNamed: () => null,
      epoch: () => epoch,
      record: async () => void recorded++,
      append: async (more) => {
        if (isBroken) throw new Error('killed');
        orders.push(...more);
      },
      stateHlc: () => 0,
    });
  const message = {
    id: '0190a6f4-0000-7000-8000-000000000009',
    createdMs: 9_000,
    ...disk('a\n"$(id)"\n-x', { disk: 'd' }),
  };
  const arrived = { node: coreId, nodeName: 'web01', message, isShared: false };
  await assert.rejects(acting('m1', 1).start([arrived], 1), /killed/);
  isBroken = false;
  await acting('m2', 2).start([arrived], 2);
  await acting('m2', 2).start([arrived], 2);
  assert.deepEqual([orders.length, recorded], [1, 2], 'recorded by both, asked for by one');
  assert.deepEqual(orders[0]?.command, ['/bin/echo', 'a\n"$(id)"\n-x', '--', 'd']);
  assert.deepEqual([orders[0]?.deadlineMs, orders[0]?.from.name], [9_000 + 600_000, 'm2']);
  const third = acting('m3', 3);
  third.began();
  await third.renew(3);
  assert.deepEqual(
    orders.map(({ id, from, decision }) => [id === orders[0]?.id, from.name, decision?.epoch]),
    [
      [true, 'm2', 2],
      [true, 'm3', 3],
    ],
  );
  await third.start([{ ...arrived, isShared: true }], 3);
  assert.equal(orders.length, 2);
});
