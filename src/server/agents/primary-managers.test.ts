import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Agent } from '../../agent/agent.ts';
import { keys } from '../../model/definitions.ts';
import { texts } from '../testing/test-agent.ts';
import { runAgent } from '../testing/test-agents.ts';
import { eventually, TestServers } from '../testing/test-servers.ts';

const policy = (...secondary: string[]) => ({
  kind: 'flexible-management',
  name: 'managers',
  text: `RESPMGRCONFIGS RESPMGRCONFIG DESCRIPTION "who may manage"
    SECONDARYMANAGERS ${secondary.map((name) => `SECONDARYMANAGER NODE IP 0.0.0.0 "${name}" DESCRIPTION ""`).join('\n')}
    ACTIONALLOWMANAGERS ACTIONALLOWMANAGER NODE $OPC_PRIMARY_MGR`,
});

test('nodes go over from a server to a virtual interface in phases, and back; nothing is lost on the way', async () => {
  await using servers = await TestServers.start(3);
  const [first, second] = servers.running;
  assert.ok(first && second);
  const { policies } = first.view;
  const data = await mkdtemp(join(tmpdir(), 'wk-primary-'));
  const names = ['web1', 'web2', 'web3', 'web4'];
  const wall = { nowMs: Date.UTC(2026, 10, 21), timeZone: 'UTC' };
  await policies.set('managers', { source: policy('m1', 'm2') }, 'ann');
  await policies.setGroup('all', { nodes: ['*'], groups: [], policies: ['managers'] }, 'ann');
  const nodes = await Promise.all(names.map((name) => servers.enrolNode(name)));
  await policies.setPrimary({ manager: 'm1', nodes: names }, 'ann');

  await using agents = new AsyncDisposableStack();
  const running: Agent[] = [];
  for (const node of nodes)
    running.push(agents.use(await runAgent(servers, node, `${data}/${node.name}`, { wall })));
  let said = 0;
  const sayAll = async (): Promise<void> => {
    said += 1;
    await Promise.all(running.map((agent) => agent.send({ severity: 'normal', text: `message ${said}` })));
  };
  const are = (count: number, where: string) =>
    running.filter(({ status }) => status.connection.server === where).length === count;
  const states = () => policies.deployment(null).map(({ state }) => state);
  await eventually('all are at the first', () => are(4, servers.urlOf(first)));
  await sayAll();

  // The interface comes first in the list of every agent, and yet nobody goes there: they were given another.
  const { port } = new URL(servers.urlOf(second));
  const carrier = { kind: 'load-balancer', host: 'localhost', port: Number(port) };
  const role = 'virtual-interface/front';
  const placement = { role, order: [], failback: 'manual', pinned: null, carrier };
  await servers.define(keys.role(role), placement);
  const front = `https://localhost:${port}`;
  await eventually('all know it', () =>
    running.every(({ status }) => status.connection.servers.includes(front)),
  );
  assert.ok(are(4, servers.urlOf(first)));

  await policies.setPrimary({ manager: 'front', nodes: ['web1'] }, 'ann');
  await eventually('its policies do not know the interface', () => states().includes('refused'));
  assert.ok(are(4, servers.urlOf(first)));
  await policies.set('managers', { source: policy('m1', 'm2', 'front') }, 'ann');
  await eventually('one follows', () => are(1, front) && states().every((state) => state === 'current'));
  await sayAll();
  await policies.setPrimary({ manager: 'front', nodes: names }, 'ann');
  await sayAll();
  await eventually('all follow', () => are(4, front) && states().every((state) => state === 'current'));
  await policies.setPrimary({ manager: 'm1', nodes: names }, 'ann');
  await sayAll();
  await eventually('and back', () => are(4, servers.urlOf(first)));

  const arrived = () => texts(first).filter((text) => text.startsWith('message '));
  await eventually('every message is there once', () => arrived().length === 4 * said);
  await agents.disposeAsync();
  await rm(data, { recursive: true });
});
