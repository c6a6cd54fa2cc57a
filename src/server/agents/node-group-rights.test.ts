import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageCountsSchema, messagePageSchema, poolStatusSchema } from '../../model/api.ts';
import { coreIdOfOrigin } from '../../model/origin.ts';
import { keys, virtualInterfacePrefix } from '../../model/definitions.ts';
import { virtualInterfacesSchema } from '../../model/role-api.ts';
import { connectAgent, message } from '../testing/test-agent.ts';
import { eventually, TestServers } from '../testing/test-servers.ts';

const carrier = { kind: 'listen', host: '127.0.0.1', port: 5_000 } as const;
const front = 'https://127.0.0.1:5000';
const role = `${virtualInterfacePrefix}front`;

test('rights over a node group follow who is in it: in lists, counts, and what may be changed', async () => {
  await using servers = await TestServers.start(1);
  const server = servers.running[0] ?? assert.fail();
  const group = (nodes: readonly string[]) => ({ name: 'web', nodes, policies: [], changedMs: 0, by: 'x' });
  await servers.define(keys.nodeGroup('web'), group(['web*']));
  await servers.define(keys.userRole('web-team'), {
    name: 'web-team',
    permissions: [{ right: 'operate', nodeGroups: ['web'] }],
  });
  const identity = servers.pool.identity('user');
  const { coreId } = identity;
  await servers.define(keys.user(coreId), { coreId, name: 'ann', createdMs: 0, roles: ['web-team'] });
  const credentials = await servers.pool.credentials(identity);
  const trust = { authorityPems: [servers.pool.authority.certificatePem] };
  const { origin } = server;
  const own = coreIdOfOrigin(origin);
  const alive = { incarnation: 'one', renewals: 1, ended: false, sinceMs: 1, renewedMs: 1, version: '0' };
  const well = { healthy: true, because: 'it is', lagMs: 0, ttlMs: 3_000, processes: [] };
  await servers.define(keys.session(own), { coreId: own, ...alive, ...well, origin });
  await servers.define(keys.role(role), { role, carrier, order: [], failback: 'manual', pinned: null });
  for (const name of ['web1', 'db1', 'db2']) {
    const node = await servers.enrolNode(name);
    const agent = await connectAgent(servers, server, node, undefined, front);
    await agent.answerTo(agent.send([message(`from ${name}`)]));
  }
  const ask = async (path: string): Promise<unknown> => {
    const url = servers.urlOf(server) + path;
    const answer = await servers.runtime.network.call({
      url,
      method: 'GET',
      timeoutMs: 5_000,
      trust,
      credentials,
    });
    assert.equal(answer.status, 200, answer.body);
    return JSON.parse(answer.body);
  };
  const seen = async (): Promise<string[]> =>
    messagePageSchema
      .parse(await ask('/api/v1/messages?limit=100'))
      .messages.map(({ nodeName }) => nodeName)
      .toSorted();
  assert.deepEqual(await seen(), ['web1']);
  assert.equal(messageCountsSchema.parse(await ask('/api/v1/counts')).total, 1);
  const status = poolStatusSchema.parse(await ask('/api/v1/pool'));
  assert.deepEqual([status.messages.total, status.serverRules.held, status.sharing], [1, 0, []]);
  const through = () => server.view.virtualInterfaces(null).virtualInterfaces[0];
  await eventually('all of them are connected through it', () => through()?.agents === 3);
  assert.equal(through()?.messages, 3);
  const told = virtualInterfacesSchema.parse(await ask('/api/v1/virtual-interfaces')).virtualInterfaces;
  assert.deepEqual(
    told.map(({ agents, messages }) => [agents, messages]),
    [[1, null]],
  );
  const rights = server.view.account(identity)?.rights ?? assert.fail();
  assert(rights.covers('operate', { nodeName: 'web1' }) && !rights.covers('operate', { nodeName: 'db1' }));

  await servers.define(keys.nodeGroup('web'), group(['db1', 'db2']));
  await eventually('the group has changed', () => rights.covers('operate', { nodeName: 'db1' }));
  assert.deepEqual(await seen(), ['db1', 'db2']);
  const then = virtualInterfacesSchema.parse(await ask('/api/v1/virtual-interfaces')).virtualInterfaces;
  assert.equal(then[0]?.agents, 2);
  assert(!rights.covers('operate', { nodeName: 'web1' }));
});
