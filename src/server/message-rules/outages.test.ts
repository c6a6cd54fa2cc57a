import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Handling } from '../../model/operation.ts';
import { nodeClock } from '../../runtime/node/clock.ts';
import type { RunningServer } from '../start-server.ts';
import { connectAgent, message } from '../testing/test-agent.ts';
import { eventually, TestServers } from '../testing/test-servers.ts';
import { definedOutages, handleInOutage } from './outages.ts';

const from = Date.UTC(2026, 5, 1, 20);
const until = from + 3_600_000;

function outage(name: string, content: Readonly<Record<string, unknown>>, handling: Handling = 'suppressed') {
  const times = { from: '2026-06-01T22:00:00+02:00', until: '2026-06-01T21:00:00Z' };
  return { kind: 'outage', name, ...times, handling, because: 'new disks', ...content };
}

test('an outage is about its nodes and node groups, of those about its message groups, and about its time', () => {
  const defined = definedOutages(
    [
      outage('b', { nodes: ['web*'], nodeGroups: ['oslo'], groups: ['Storage'] }),
      outage('a', { groups: ['Room'] }, 'logged only'),
      outage('c', { nodes: ['db1'] }, 'held'),
      outage('wrong', { nodes: ['*'], until: '2026-06-01' }),
    ].map((source) => ({ name: source.name, source, changedMs: 0, by: 'ann' })),
    (node, group) => node === 'app7' && group === 'oslo',
  );
  assert.deepEqual(
    defined.map((one) => one.outage.name),
    ['a', 'b', 'c'],
  );
  const at = (nodeName: string, group: string | undefined, epochMs = from) =>
    handleInOutage(defined, { nodeName, group }, epochMs);
  const because = 'outage b: new disks (ann)';
  assert.deepEqual(at('web01', 'Storage'), { what: 'suppressed', untilMs: null, because });
  assert.equal(at('app7', 'Storage')?.because, because);
  assert.equal(at('app8', 'Storage'), null);
  assert.equal(at('web01', undefined), null);
  assert.equal(at('web01', 'Room')?.what, 'logged only');
  assert.equal(at('web01', 'Storage', from - 1), null);
  assert.equal(at('web01', 'Storage', until - 1)?.what, 'suppressed');
  assert.equal(at('web01', 'Storage', until), null);
  assert.equal(at('db1', undefined)?.untilMs, until);
});

test('every server has an outage at once, it goes before service hours, ends by itself, and gives back what it held', async () => {
  const wall = { nowMs: from };
  const clock = { ...nodeClock, wallMs: () => wall.nowMs, timeZone: () => 'UTC' };
  await using servers = await TestServers.start(2, { runtime: { clock } });
  const [first, second] = servers.running;
  assert.ok(first && second);
  const agent = await connectAgent(servers, first, await servers.enrolNode('web1'));
  const say = (text: string, group: string) =>
    agent.answerTo(agent.send([{ ...message(text), group, createdMs: wall.nowMs }]));
  const is = (text: string, wanted: string) =>
    eventually(`${text} is ${wanted} on both`, () =>
      [first, second].every((server) => stateOf(server, text) === wanted),
    );
  const hours = `RESPMGRCONFIGS
  RESPMGRCONFIG DESCRIPTION "hours"
    MSGTARGETRULES
      MSGTARGETRULE DESCRIPTION "all"
        MSGTARGETRULECONDS
        MSGOPERATIONS
          MSGOPERATION LOGONLY`;
  const { policies } = first.view;
  const nodes = ['*'];
  await policies.setGroup('web', { nodes: ['web*'], groups: [], policies: [] }, 'ann');
  await policies.set('disks', { source: outage('disks', { nodeGroups: ['web'], groups: ['Disk'] }) }, 'ann');
  await policies.set('move', { source: outage('move', { nodes, groups: ['Room'] }, 'held') }, 'ann');
  // A change is answered when the server that was asked has it; the others hear of it from the coordinator.
  await eventually('the other has it', () => second.view.policies.find('move')?.kind === 'outage');
  servers.act(first, 1);
  await eventually('the acting server follows', () => first.view.poolStatus().serverRules.active);
  await say('disk gone', 'Disk');
  await say('door open', 'Room');
  await say('page slow', 'Web');
  await is('disk gone', 'acknowledged, suppressed');
  await is('door open', 'acknowledged, held');
  await is('page slow', 'open, ');
  const source = { kind: 'server-flexible-management', name: 'a-hours', text: hours };
  await policies.set('a-hours', { source }, 'ann');
  await say('disk gone again', 'Disk');
  await say('page slow again', 'Web');
  await is('page slow again', 'acknowledged, logged only');
  await is('disk gone again', 'acknowledged, suppressed');
  await policies.remove('a-hours', undefined, 'ann');
  wall.nowMs = until;
  await say('disk gone afterwards', 'Disk');
  await is('door open', 'open, unacknowledge');
  await is('disk gone afterwards', 'open, ');
  const inGroup = policies.setGroup('all', { nodes, groups: [], policies: ['move'] }, 'ann');
  await assert.rejects(inGroup, /policy move is for servers: it is in force/);
});

/** Its state, and what was done last. */
function stateOf({ view }: RunningServer, text: string): string {
  const found = view.page({ order: 'oldest', limit: 1_000 }).messages.find((one) => one.text === text);
  if (!found) return 'not here';
  const last = view.message(found.id)?.operations.at(-1);
  return `${found.state}, ${last?.decision?.handling ?? last?.kind ?? ''}`;
}

test('an outage that names nobody, has no zone, ends before it begins or lasts for years is refused', async () => {
  await using servers = await TestServers.start(1);
  const [first] = servers.running;
  assert.ok(first);
  const refused = (content: Readonly<Record<string, unknown>>, why: RegExp) =>
    assert.rejects(first.view.policies.set('x', { source: outage('x', content) }, 'ann'), why);
  await refused({}, /whose messages it is about/);
  await refused({ nodes: ['*'], from: '2026-06-01T22:00' }, /from: .*a time with its zone/);
  await refused({ nodes: ['*'], until: '2026-06-01T19:00:00Z' }, /until: .*later than from/);
  await refused({ nodes: ['*'], until: '2028-06-01T19:00:00Z' }, /until: .*366 days/);
  await refused({ node: ['*'] }, /node/);
});
