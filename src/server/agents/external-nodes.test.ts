import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rights } from '../../model/rights.ts';
import { connectAgent, message } from '../testing/test-agent.ts';
import { eventually, TestServers } from '../testing/test-servers.ts';

test('messages of external nodes stand under their own names on every server; nobody speaks for an enrolled node', async () => {
  await using servers = await TestServers.start(2);
  const [first, second] = servers.running;
  assert.ok(first && second);
  const collector = await servers.enrolNode('syslog1');
  await servers.enrolNode('printer-9');
  const ann = { name: 'ann', coreId: null, rights: new Rights([{ right: 'configure' }]) };
  const content = { names: ['printer-*'], addresses: ['10.9.0.0/16'] };
  await first.view.config.apply([{ kind: 'external-node', name: 'printers', revision: 0, content }], ann, {
    via: 'config apply',
    hold: false,
  });
  const agent = await connectAgent(servers, first, collector);
  const about = (node: string) => ({ ...message(`from ${node}`), attributes: { node, tray: '2' } });
  const batch = agent.send([
    about('printer-7'),
    message('my own'),
    about('10.9.3.4'),
    about('printer-9'),
    about('10.8.3.4'),
    about('printer-7'),
  ]);
  const answer = await agent.answerTo(batch);
  assert.equal(answer.type, 'stored');
  const seen = () =>
    second.view
      .page({ order: 'oldest', limit: 100 })
      .messages.map(({ text, nodeName }) => `${text}: ${nodeName}`);
  await eventually(
    'the other server has them all',
    () => seen().filter((text) => /from|own/.test(text)).length === 6,
  );
  assert.deepEqual(
    seen()
      .filter((text) => /from|own/.test(text))
      .toSorted(),
    [
      'from 10.8.3.4: syslog1',
      'from 10.9.3.4: 10.9.3.4',
      'from printer-7: printer-7',
      'from printer-7: printer-7',
      'from printer-9: syslog1',
      'my own: syslog1',
    ],
  );
  const [found] = second.view.page({ order: 'oldest', limit: 1, node: 'printer-7' }).messages;
  assert.deepEqual(found?.attributes, { tray: '2', reportedBy: 'syslog1' });
  const names = [...first.view.policies.deployment(null)].map(({ name }) => name).toSorted();
  assert.deepEqual(names, ['printer-9', 'syslog1'], 'nothing is ever deployed to an external node');
  agent.close();
});
