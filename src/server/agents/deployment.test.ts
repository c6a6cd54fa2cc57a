import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Agent } from '../../agent/agent.ts';
import { codeOf } from '../../model/errors.ts';
import type { LinkConnection } from '../../link/connection.ts';
import { Rights } from '../../model/rights.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { Deployment } from './deployment.ts';
import type { RunningServer } from '../start-server.ts';
import type { TestNode } from '../testing/test-agent.ts';
import { runAgent } from '../testing/test-agents.ts';
import { eventually, TestServers } from '../testing/test-servers.ts';

const load = { kind: 'command', name: 'load', command: ['/bin/true'], every: '1h' };
const disk = { ...load, name: 'disk' };

function stateOf(server: RunningServer, node: TestNode) {
  return server.view.policies.deployment(null).find(({ coreId }) => coreId === node.coreId)?.state;
}

function policiesOf(agent: Agent): readonly string[] {
  return agent.status.sources.map(({ policy }) => policy);
}

async function conflict(change: Promise<void>, text: RegExp): Promise<void> {
  await assert.rejects(change, (error: Error) => {
    assert.match(error.message, text);
    return ['WK_CONFLICT', 'WK_BAD_REQUEST', 'WK_NOT_FOUND'].includes(codeOf(error));
  });
}

test('what is defined on one server runs on the agents of the other, and comes back with a restart', async () => {
  await using servers = await TestServers.start(2);
  const [first, second] = servers.running;
  assert.ok(first && second);
  const data = await mkdtemp(join(tmpdir(), 'wk-deployment-'));
  const web = await servers.enrolNode('web01');
  const db = await servers.enrolNode('db01');
  const { policies } = first.view;
  await policies.set('load', { source: load }, 'ann');
  await policies.setGroup('web', { nodes: ['web*'], groups: [], policies: ['load'] }, 'ann');
  assert.deepEqual(policies.groups()[0]?.members, 1);
  {
    await using agent = await runAgent(servers, web, `${data}/web`);
    await using other = await runAgent(servers, db, `${data}/db`);
    await eventually('the agent runs the policy', () => policiesOf(agent).includes('load'));
    await eventually('both servers know it', () =>
      servers.running.every(
        (server) => stateOf(server, web) === 'current' && stateOf(server, db) === 'current',
      ),
    );
    assert.deepEqual(policiesOf(other), [], 'a node of no group');
    assert.deepEqual(second.view.policies.list()[0]?.nodes.current, 1);

    await second.view.policies.set('disk', { source: disk }, 'ben');
    await second.view.policies.setGroup(
      'web',
      { nodes: ['web*'], groups: [], policies: ['disk', 'load'] },
      'ben',
    );
    await eventually('the change is there', () => policiesOf(agent).join() === 'load,disk');
    await second.view.policies.setGroup('web', { nodes: [], groups: [], policies: ['disk'] }, 'ben');
    await eventually('they are gone again', () => policiesOf(agent).length === 0);
    await second.view.policies.setGroup('web', { nodes: ['web01'], groups: [], policies: ['disk'] }, 'ben');
    await eventually('and one is back', () => policiesOf(agent).join() === 'disk');
  }
  await servers.stop(second);
  await servers.stop(first);
  await using alone = await runAgent(servers, web, `${data}/web`, {
    config: { servers: ['https://127.0.0.1:1'] },
  });
  assert.deepEqual(policiesOf(alone), ['disk'], 'nobody can be reached, and it watches all the same');
  await rm(data, { recursive: true });
});

test('what a node does not let run is refused there, and everybody sees why', async () => {
  await using servers = await TestServers.start(1);
  const [server] = servers.running;
  assert.ok(server);
  const data = await mkdtemp(join(tmpdir(), 'wk-deployment-'));
  const web = await servers.enrolNode('web01');
  await server.view.policies.set('load', { source: load }, 'ann');
  await server.view.policies.setGroup('all', { nodes: ['*'], groups: [], policies: ['load'] }, 'ann');
  {
    await using agent = await runAgent(servers, web, data, { config: { programs: ['/opt/*'] } });
    await eventually('it is refused', () => stateOf(server, web) === 'refused');
    assert.match(server.view.policies.deployment(null)[0]?.running?.refused?.text ?? '', /\/bin\/true/);
    assert.deepEqual(policiesOf(agent), []);
    await server.view.policies.set('load', { source: { ...load, command: ['/opt/check'] } }, 'ann');
    await eventually('mended', () => policiesOf(agent).includes('load'));
  }
  await rm(data, { recursive: true });
});

test('what is wrong, in use or changed meanwhile is refused', async () => {
  await using servers = await TestServers.start(1);
  const [server] = servers.running;
  assert.ok(server);
  const { policies } = server.view;
  await conflict(policies.set('load', { source: { ...load, comand: 1 } }, 'ann'), /policy load: .*comand/);
  await conflict(policies.set('other', { source: load }, 'ann'), /calls itself load/);
  await policies.set('load', { source: load }, 'ann');
  const seen = policies.list()[0]?.revision ?? 0;
  await policies.set('load', { source: { ...load, every: '2h' }, revision: seen }, 'ann');
  await conflict(policies.set('load', { source: load, revision: seen }, 'ben'), /is at revision \d+ now/);
  assert.equal(policies.list()[0]?.by, 'ann');

  const group = { nodes: [], groups: [], policies: [] };
  await conflict(policies.setGroup('web', { ...group, policies: ['disk'] }, 'ann'), /no policy disk/);
  await conflict(policies.setGroup('web', { ...group, groups: ['db'] }, 'ann'), /no node group db/);
  await policies.setGroup('web', { ...group, policies: ['load'] }, 'ann');
  await conflict(policies.remove('load', undefined, 'ann'), /used by node group web/);
  await policies.setGroup('linux', { ...group, groups: ['web'] }, 'ann');
  await conflict(policies.setGroup('web', { ...group, groups: ['linux'] }, 'ann'), /web > linux > web/);
  await conflict(policies.removeGroup('web', undefined, 'ann'), /used by node group linux/);
  await conflict(policies.remove('nothing', undefined, 'ann'), /no policy nothing/);
  await policies.removeGroup('linux', undefined, 'ann');
  await policies.removeGroup('web', undefined, 'ann');
  await policies.remove('load', undefined, 'ann');
  assert.deepEqual([policies.list(), policies.groups()], [[], []]);
});

test('a node that joins gets the policies of the groups whose rules it fits, and what it is said to be counts at once', async () => {
  await using servers = await TestServers.start(2);
  const [first, second] = servers.running;
  assert.ok(first && second);
  const data = await mkdtemp(join(tmpdir(), 'wk-deployment-'));
  const { policies, config } = first.view;
  const ann = { name: 'ann', coreId: null, rights: new Rights([{ right: 'configure' }]) };
  const options = { via: 'config apply', hold: false };
  const label = (revision: number, labels: Record<string, string>) =>
    config.apply([{ kind: 'node', name: 'web01', revision, content: { labels } }], ann, options);
  await policies.set('load', { source: load }, 'ann');
  await policies.set('disk', { source: disk }, 'ann');
  const revision = await label(0, { site: 'oslo' });
  const group = { kind: 'policy-group' as const, name: 'base', revision: 0, content: { policies: ['disk'] } };
  await config.apply([group], ann, options);
  await policies.setGroup(
    'here',
    { rules: [{ addresses: ['127.0.0.0/8'], systems: ['test*'] }], policyGroups: ['base'] },
    'ann',
  );
  await policies.setGroup('oslo', { rules: [{ labels: { site: 'oslo' } }], policies: ['load'] }, 'ann');
  const web = await servers.enrolNode('web01');
  {
    await using agent = await runAgent(servers, web, `${data}/web`, { system: 'test 1' });
    await eventually(
      'it has what its groups give',
      () => policiesOf(agent).toSorted().join() === 'disk,load',
    );
    await eventually('both servers count it', () =>
      servers.running.every(
        (server) =>
          stateOf(server, web) === 'current' &&
          server.view.policies.groups().every(({ members }) => members === 1),
      ),
    );
    await label(revision, { site: 'bergen' });
    await eventually('it is in the group no more', () => policiesOf(agent).join() === 'disk');
  }
  await eventually('away, it is known by what it said last', () =>
    second.view.policies.groups().some(({ name, members }) => name === 'here' && members === 1),
  );
  await assert.rejects(
    config.apply(
      [
        {
          ...group,
          revision: first.view.config.revision({ kind: 'policy-group', name: 'base' }, ann).now,
          content: null,
        },
      ],
      ann,
      options,
    ),
    /policy group base is used by node group here/,
  );
  await rm(data, { recursive: true });
});

test('what is held back goes to released nodes, then to all; what was refused is sent again when somebody says so', async () => {
  await using servers = await TestServers.start(2);
  const [first, second] = servers.running;
  assert.ok(first && second);
  const data = await mkdtemp(join(tmpdir(), 'wk-deployment-'));
  const [web, db] = [await servers.enrolNode('web01'), await servers.enrolNode('db01')];
  const ann = { name: 'ann', coreId: null, rights: new Rights([{ right: 'configure' }]) };
  const policyChange = { kind: 'policy' as const, name: 'load', revision: 0, content: load };
  const groupChange = {
    kind: 'node-group' as const,
    name: 'all',
    revision: 0,
    content: { nodes: ['*'], policies: ['load'] },
  };
  {
    await using one = await runAgent(servers, web, `${data}/web`);
    await using other = await runAgent(servers, db, `${data}/db`);
    await eventually('both are there', () => [web, db].every((node) => stateOf(first, node) === 'current'));
    await first.view.config.apply([policyChange, groupChange], ann, { via: 'config apply', hold: true });
    await eventually('both servers say so', () =>
      servers.running.every(({ view }) => view.policies.held()?.by === 'ann'),
    );
    assert.deepEqual([stateOf(first, web), stateOf(first, db)], ['pending', 'pending']);
    assert.equal(await second.view.policies.deploy({ nodes: ['web01'] }, 'ann'), 1);
    await eventually('the released node has it', () => policiesOf(one).join() === 'load');
    assert.deepEqual(policiesOf(other), [], 'and the other has not');
    assert.deepEqual(second.view.policies.held()?.released, ['web01']);
    await assert.rejects(second.view.policies.deploy({ nodes: ['nobody'] }, 'ann'), /no node nobody/);
    await second.view.policies.deploy({ nodes: null }, 'ann');
    await eventually('all have it', () => policiesOf(other).join() === 'load');
    assert.equal(second.view.policies.held(), null);
  }
  await rm(data, { recursive: true });
});

test('an order has a set sent again that the agent refused', () => {
  const sent: string[] = [];
  const node = { coreId: 'a', name: 'web01', joinedMs: 0 };
  const order = { atMs: 1, by: 'ann', nodes: ['a'] };
  const deployment = new Deployment({
    depot: { has: () => true, onChange: () => ({ close: () => undefined }) },
    pool: {
      depotFiles: () => [],
      policies: () => [{ name: 'load', source: load, changedMs: 0, by: '' }],
      policyGroups: () => [],
      nodeGroups: () => [
        {
          name: 'all',
          nodes: ['*'],
          rules: [],
          groups: [],
          policies: ['load'],
          policyGroups: [],
          changedMs: 0,
          by: '',
        },
      ],
      nodes: () => [node],
      nodeAttributes: () => null,
      generation: () => 7,
      managerSystems: () => ({ own: [], pools: [] }),
      primaries: () => new Map(),
      deploymentHold: () => null,
      deploymentOrder: () => order,
    },
    lastSeen: () => null,
    log: silentLog,
  });
  // Only what is sent is looked at.
  const connection = {
    send: (message: { digest: string }) => void sent.push(message.digest),
  } as unknown as LinkConnection;
  const told = { type: 'policiesRunning', generation: 0, digest: 'x', refused: null } as const;
  const seen = { address: '127.0.0.1', system: null };
  deployment.told(connection, node, told, seen);
  const [digest = ''] = sent;
  deployment.told(connection, node, { ...told, refused: { digest, text: 'too old' } }, seen);
  deployment.definitionsChanged(true);
  assert.equal(sent.length, 1, 'not by itself');
  deployment.ordered();
  assert.deepEqual(sent, [digest, digest]);
});
