import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configAnswerSchema, configPageSchema } from '../../model/config.ts';
import { keys } from '../../model/definitions.ts';
import { messageDetailSchema, messagePageSchema } from '../../model/api.ts';
import { messageGroupsSchema } from '../../model/message-groups.ts';
import type { Permission } from '../../model/rights.ts';
import { connectAgent, message } from '../testing/test-agent.ts';
import { TestServers } from '../testing/test-servers.ts';

/** A person with these rights, asking the only server; answers the status and the JSON. */
async function personOf(servers: TestServers, name: string, permissions: readonly Permission[]) {
  const server = servers.running[0] ?? assert.fail();
  const identity = servers.pool.identity('user');
  const { coreId } = identity;
  await servers.define(keys.userRole(name), { name, permissions });
  await servers.define(keys.user(coreId), { coreId, name, createdMs: 0, roles: [name] });
  const credentials = await servers.pool.credentials(identity);
  const trust = { authorityPems: [servers.pool.authority.certificatePem] };
  return async (path: string, body?: object): Promise<{ status: number; body: unknown }> => {
    const call = body === undefined ? ({ method: 'GET' } as const) : postOf(body);
    const url = servers.urlOf(server) + path;
    const answer = await servers.runtime.network.call({ url, ...call, timeoutMs: 5_000, trust, credentials });
    return { status: answer.status, body: JSON.parse(answer.body) };
  };
}

function postOf(body: object) {
  const headers = { 'content-type': 'application/json' };
  return { method: 'POST', headers, body: JSON.stringify(body) } as const;
}

const sum = (open: Record<string, number>): number =>
  Object.values(open).reduce((total, number) => total + number, 0);

test('a message group is defined, told of with its messages, and stays while something names it', async () => {
  await using servers = await TestServers.start(1);
  const server = servers.running[0] ?? assert.fail();
  const everything: Permission[] = [{ right: 'see' }, { right: 'configure' }, { right: 'administer' }];
  const ask = await personOf(servers, 'ann', everything);
  const change = async (kind: string, name: string, content: object | null, revision = 0) => {
    const answer = await ask('/api/v1/config', { changes: [{ kind, name, revision, content }] });
    return answer.status === 200 ? configAnswerSchema.parse(answer.body).revision : answer.body;
  };
  const outage = {
    kind: 'outage',
    name: 'disks',
    groups: ['Storage'],
    from: '2026-01-01T00:00:00Z',
    until: '2026-01-02T00:00:00Z',
    because: 'new disks',
  };
  // What names a group may be there before the group is.
  const outageRevision = await change('policy', 'disks', outage);
  const revision = await change('message-group', 'Storage', { description: 'disks', contact: 'desk 4711' });
  assert(typeof revision === 'number' && typeof outageRevision === 'number');

  const agent = await connectAgent(servers, server, await servers.enrolNode('db1'));
  for (const group of ['Storage', 'no such: group', undefined])
    await agent.answerTo(agent.send([{ ...message(`in ${group ?? 'none'}`), ...(group && { group }) }]));
  agent.close();
  const all = messageGroupsSchema.parse((await ask('/api/v1/message-groups')).body).groups;
  // The pool's own messages are about what is done here.
  const groups = all.filter(({ name }) => name !== 'watchkeeper');
  assert.deepEqual(
    groups.map(({ name, isDefined, contact, open }) => [name, isDefined, contact, sum(open)]),
    [
      ['Storage', true, 'desk 4711', 1],
      ['no such: group', false, null, 1],
      [null, false, null, 1],
    ],
  );
  const { messages } = messagePageSchema.parse((await ask('/api/v1/messages?limit=9')).body);
  const storage = messages.find(({ group }) => group === 'Storage') ?? assert.fail();
  const detail = messageDetailSchema.parse((await ask(`/api/v1/messages/${storage.id}`)).body);
  assert.deepEqual(detail.messageGroup, { isDefined: true, description: 'disks', contact: 'desk 4711' });

  // A person who may see another group only is told of neither.
  const other = await personOf(servers, 'ben', [{ right: 'see', groups: ['Network'] }]);
  assert.deepEqual((await other('/api/v1/message-groups')).body, { groups: [] });

  const refused = JSON.stringify(await change('message-group', 'Storage', null, revision));
  assert.match(refused, /WK_CONFLICT.*message group Storage is used by policy disks/);
  assert(typeof (await change('policy', 'disks', null, outageRevision)) === 'number');
  const role = { permissions: [{ right: 'see', groups: ['Storage', 'Net*'] }] };
  const roleRevision = await change('user-role', 'storage-desk', role);
  assert.match(
    JSON.stringify(await change('message-group', 'Storage', null, revision)),
    /user role storage-desk/,
  );
  assert(typeof (await change('user-role', 'storage-desk', null, Number(roleRevision))) === 'number');
  assert(typeof (await change('message-group', 'Storage', null, revision)) === 'number');
  const page = configPageSchema.parse((await ask('/api/v1/config')).body);
  assert(!page.definitions.some(({ kind }) => kind === 'message-group'));
});
