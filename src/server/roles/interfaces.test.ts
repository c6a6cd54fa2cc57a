import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialLink } from '../../link/dial-link.ts';
import type { LinkMessage } from '../../link/messages.ts';
import { eventually, TestServers } from '../testing/test-servers.ts';

test('the addresses that a server publishes take effect at once, for the others and for connected agents', async () => {
  await using servers = await TestServers.start(2);
  const [a, b] = servers.running;
  assert.ok(a && b);
  const { runtime, pool } = servers;
  const isConnected = () => a.view.poolStatus().members.every(({ positions }) => positions !== null);
  await eventually('they are connected', isConnected);
  const node = await servers.enrolNode('web1');
  const connect = {
    url: servers.urlOf(a),
    credentials: await pool.credentials(node.identity),
    pool: pool.id,
    timeoutMs: 5_000,
    messageBytesMax: 1e6,
  };
  const hello = { name: node.name, version: '0', dialled: connect.url };
  const { connection } = await dialLink(runtime, { connect, self: 'agent', hello });
  const heard: LinkMessage[] = [];
  connection.onMessage((message) => heard.push(message));

  // Nobody listens at the first: the other server must find the way by the second.
  const answer = await a.view.changeInterfaces(
    'm2',
    { kind: 'set', addresses: ['127.0.0.9', '127.0.0.1'] },
    'ann',
  );
  const { port } = new URL(servers.urlOf(b));
  const addresses = [`https://127.0.0.9:${port}`, `https://127.0.0.1:${port}`];
  assert.deepEqual(answer.addresses, addresses);
  await eventually('the agent is told', () =>
    heard.some(
      (message) => message.type === 'servers' && addresses.every((one) => message.servers.includes(one)),
    ),
  );
  await eventually('both see it', () =>
    [a, b].every(
      ({ view }) =>
        view
          .poolStatus()
          .members.find(({ name }) => name === 'm2')
          ?.addresses.join() === addresses.join(),
    ),
  );
  await eventually('they are connected again', isConnected);
  await eventually('it is a message', () =>
    a.view
      .page({ order: 'newest', limit: 10 })
      .messages.some(({ text }) => /m2 publishes .* as ann asked/.test(text)),
  );

  const remove = { kind: 'remove', addresses: ['127.0.0.9', '127.0.0.1'] } as const;
  await assert.rejects(
    a.view.changeInterfaces('m2', { ...remove, addresses: [...remove.addresses] }, 'ann'),
    {
      code: 'WK_CONFLICT',
    },
  );
  await assert.rejects(a.view.changeInterfaces('m9', { kind: 'reset' }, 'ann'), { code: 'WK_NOT_FOUND' });
  connection.close('done');
});
