import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageCountsSchema, messagePageSchema, poolStatusSchema } from '../../model/api.ts';
import { keys } from '../../model/definitions.ts';
import { connectAgent, message } from '../testing/test-agent.ts';
import { eventually, TestServers } from '../testing/test-servers.ts';

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
  for (const name of ['web1', 'db1']) {
    const agent = await connectAgent(servers, server, await servers.enrolNode(name));
    await agent.answerTo(agent.send([message(`from ${name}`)]));
    agent.close();
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
  const rights = server.view.account(identity)?.rights ?? assert.fail();
  assert(rights.covers('operate', { nodeName: 'web1' }) && !rights.covers('operate', { nodeName: 'db1' }));

  await servers.define(keys.nodeGroup('web'), group(['db1']));
  await eventually('the group has changed', () => rights.covers('operate', { nodeName: 'db1' }));
  assert.deepEqual(await seen(), ['db1']);
  assert(!rights.covers('operate', { nodeName: 'web1' }));
});
