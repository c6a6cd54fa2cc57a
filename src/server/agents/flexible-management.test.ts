import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Agent } from '../../agent/agent.ts';
import { removeOtherPool, setOtherPool } from '../../definitions/other-pools.ts';
import { codeOf } from '../../model/errors.ts';
import type { RunningServer } from '../start-server.ts';
import { runAgent, trust } from '../testing/test-agents.ts';
import { connectAgent, texts } from '../testing/test-agent.ts';
import { eventually, TestServers } from '../testing/test-servers.ts';

const text = `TIMETEMPLATES
  TIMETEMPLATE "night" DESCRIPTION "" TIMETMPLCONDS
    TIMETMPLCOND TIME FROM 3:00 TO 5:59
RESPMGRCONFIGS
  RESPMGRCONFIG DESCRIPTION "desk"
    SECONDARYMANAGERS
      SECONDARYMANAGER NODE IP 0.0.0.0 "m2"
    ACTIONALLOWMANAGERS
      ACTIONALLOWMANAGER NODE $OPC_PRIMARY_MGR
    MSGTARGETRULES
      MSGTARGETRULE DESCRIPTION "databases at night"
        MSGTARGETRULECONDS
          MSGTARGETRULECOND DESCRIPTION "db" MSGGRP "Database"
        MSGTARGETMANAGERS
          MSGTARGETMANAGER TIMETEMPLATE "night" OPCMGR IP 0.0.0.0 "dba.example.net"
`;
const policy = { kind: 'flexible-management', name: 'desk', text };
const group = (policies: string[]) => ({ nodes: ['db*'], groups: [], policies });

/** Two pools that know each other: the second takes messages from nodes `db…` of the first. */
async function twoPools(count: number) {
  const home = await TestServers.start(count);
  const desk = await TestServers.start(1);
  const [first, other] = [home.running[0], desk.running[0]];
  assert.ok(first && other);
  await trust(home, desk, 'desk');
  await trust(desk, home, 'home');
  const data = await mkdtemp(join(tmpdir(), 'wk-flexible-'));
  const servers = [{ name: 'dba.example.net', url: desk.urlOf(other) }];
  const by = { changedMs: 0, by: 'test' };
  await setOtherPool(home.coordination(), 'desk', { servers, ...by });
  await setOtherPool(desk.coordination(), 'home', { accept: ['db*'], ...by });
  return {
    home,
    desk,
    first,
    other,
    data,
    servers,
    by,
    async [Symbol.asyncDispose]() {
      await home[Symbol.asyncDispose]();
      await desk[Symbol.asyncDispose]();
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** As soon as the server has heard of the other pool. */
async function setDesk({ view }: RunningServer): Promise<void> {
  for (let attempt = 1; ; attempt++)
    try {
      return await view.policies.set('desk', { source: policy }, 'ann');
    } catch (error) {
      if (attempt === 200) throw error;
      await pause(20);
    }
}

const say = (agent: Agent, said: string, groupName = 'Database') =>
  agent.send({ severity: 'critical', group: groupName, text: said });
const has = (server: RunningServer, wanted: string) => texts(server).includes(wanted);

test('each message goes to whom the policy says at its minute, across a change to summer time', async () => {
  await using pools = await twoPools(2);
  const { home, first, other, data } = pools;
  const node = await home.enrolNode('db7');
  // Clocks in Oslo go from 02:00 to 03:00 at 01:00 UTC of this day.
  const wall = { nowMs: Date.UTC(2026, 2, 29, 0, 59, 59), timeZone: 'Europe/Oslo' };
  await setDesk(first);
  await using agent = await runAgent(home, node, data, { wall });
  await say(agent, 'before the policy came');
  await first.view.policies.setGroup('databases', group(['desk']), 'ann');
  await eventually('the other pool is reached', () => agent.status.otherPools[0]?.phase === 'live');
  await say(agent, 'at 01:59');
  wall.nowMs += 1_000;
  await say(agent, 'at 03:00');
  await say(agent, 'of another group', 'Web');
  wall.nowMs = Date.UTC(2026, 2, 29, 3, 59, 59);
  await say(agent, 'at 05:59');
  wall.nowMs += 1_000;
  await say(agent, 'at 06:00');
  await eventually('all are where they should be', () =>
    ['before the policy came', 'at 01:59', 'of another group', 'at 06:00'].every((one) => has(first, one)),
  );
  await eventually('the desk has its own', () => has(other, 'at 03:00') && has(other, 'at 05:59'));
  assert.deepEqual([has(first, 'at 03:00'), has(first, 'at 05:59')], [false, false]);
  assert.equal(texts(other).filter((one) => one.startsWith('at ')).length, 2);

  const [page] = other.view
    .page({ order: 'oldest', limit: 100 })
    .messages.filter((one) => one.text === 'at 03:00');
  assert.equal(page?.attributes?.['sent to'], 'dba.example.net of pool desk');
  assert.equal(
    page?.attributes?.['sent because'],
    'rule "databases at night" (line 11) of policy desk, condition "db" (line 13)',
  );
  assert.deepEqual(other.view.policies.deployment(null), [], 'a guest is not a node of that pool');
});

test('what waits for another pool is kept while it is away, once; and goes home when nobody names it any more', async () => {
  await using pools = await twoPools(1);
  const { home, desk, first, other, data } = pools;
  const node = await home.enrolNode('db7');
  const wall = { nowMs: Date.UTC(2026, 0, 10, 3), timeZone: 'Europe/Oslo' };
  await setDesk(first);
  await first.view.policies.setGroup('databases', group(['desk']), 'ann');
  await using agent = await runAgent(home, node, data, { wall });
  await eventually('the other pool is reached', () => agent.status.otherPools[0]?.phase === 'live');
  await say(agent, 'one');
  await eventually('there', () => has(other, 'one'));
  await desk.stop(other);
  for (const one of ['two', 'three']) await say(agent, one);
  await say(agent, 'at home all the same', 'Web');
  await eventually('its own pool does not wait', () => has(first, 'at home all the same'));
  assert.equal(agent.status.otherPools[0]?.buffered, 2);
  const again = await desk.restart(other);
  await eventually('delivered', () => has(again, 'two') && has(again, 'three'));
  assert.deepEqual(
    texts(again).filter((one) => ['one', 'two', 'three'].includes(one)),
    ['one', 'two', 'three'],
  );
  await desk.stop(again);
  await say(agent, 'four');
  await first.view.policies.setGroup('databases', group([]), 'ann');
  await eventually('it goes to its own pool', () => has(first, 'four'));
  assert.deepEqual(agent.status.otherPools, []);
  const { produced, delivered, buffered, dropped } = agent.status.buffer;
  const sum = (counts: Record<string, number>) => Object.values(counts).reduce((all, one) => all + one, 0);
  assert.equal(sum(produced), sum(delivered) + sum(buffered) + sum(dropped));
});

test('nobody of another pool passes for one of ours, and who is not let in is told why', async () => {
  await using pools = await twoPools(1);
  const { home, desk, other, by } = pools;
  const link = async (node: Awaited<ReturnType<TestServers['enrolNode']>>) => {
    const credentials = {
      ...(await home.pool.credentials(node.identity)),
      authorityPems: [desk.pool.authority.certificatePem],
    };
    return connectAgent(desk, other, node, credentials);
  };
  const guest = await link(await home.enrolNode('db1'));
  await assert.rejects(
    link(await home.enrolNode('web1')),
    /no messages are taken here from node web1 of pool home/,
  );
  await desk.enrolNode('db2');
  await assert.rejects(link(await home.enrolNode('db2')), /a node of this pool is called db2 too/);
  // An authority of the other pool that names somebody of this one is nobody's authority here.
  const own = await desk.enrolNode('db3');
  const forged = await home.pool.credentials(own.identity);
  await assert.rejects(
    connectAgent(desk, other, own, { ...forged, authorityPems: [desk.pool.authority.certificatePem] }),
    /401|not accepted|WK_UNAUTHENTICATED|certificate/,
  );
  await setOtherPool(desk.coordination(), 'home', { accept: [], ...by });
  await eventually('let go', () => guest.closed() !== null);
});

test('a policy that names nobody is refused, and so is taking away whom one names', async () => {
  await using pools = await twoPools(1);
  const { home, first } = pools;
  const { policies } = first.view;
  const source = { ...policy, text: text.replace('dba.example.net', 'nobody.example.net') };
  const refused = (change: Promise<unknown>, wanted: RegExp) =>
    assert.rejects(change, (error: Error) => {
      assert.match(error.message, wanted);
      return ['WK_BAD_REQUEST', 'WK_CONFLICT', 'WK_NOT_FOUND'].includes(codeOf(error));
    });
  await refused(policies.set('desk', { source }, 'ann'), /line 15, column 11: OPCMGR .*nobody\.example\.net/);
  await refused(
    policies.set('desk', { source: { ...policy, text: text.replace('5:59', '2:00') } }, 'ann'),
    /policy desk: text: line 3, column \d+/,
  );
  await refused(
    policies.set('desk', { source: { ...policy, systems: { own: [], pools: [] } } }, 'ann'),
    /systems/,
  );
  await setDesk(first);
  await refused(removeOtherPool(home.coordination(), 'desk'), /policy desk would send messages to nobody/);
  await refused(
    setOtherPool(home.coordination(), 'desk', { servers: [], ...pools.by }),
    /policy desk would send messages to nobody/,
  );
  await refused(setOtherPool(home.coordination(), 'north', { ...pools.by }), /no authority of a pool north/);
  await policies.remove('desk', undefined, 'ann');
  await removeOtherPool(home.coordination(), 'desk');
});

test('a node goes to the primary manager that it was given, if its policies let that one become it', async () => {
  await using pools = await twoPools(3);
  const { home, first, data } = pools;
  const { policies } = first.view;
  const node = await home.enrolNode('db7');
  const wall = { nowMs: Date.UTC(2026, 0, 10, 3), timeZone: 'UTC' };
  await setDesk(first);
  await policies.setGroup('databases', group(['desk']), 'ann');
  const away = await home.enrolNode('db8');
  await using agent = await runAgent(home, node, `${data}/db7`, { wall });
  await eventually('connected', () => agent.status.connection.serverName === 'm1');
  await policies.setPrimary({ manager: 'm2', nodes: ['db7', 'db8'] }, 'ann');
  await eventually('it goes there', () => agent.status.connection.serverName === 'm2');
  assert.equal(agent.status.primary, 'm2');
  const stateOf = (name: string) => policies.deployment(null).find((one) => one.name === name);
  await eventually('and says so', () => stateOf('db7')?.state === 'current');
  assert.deepEqual(
    [stateOf('db7')?.primary, stateOf('db8')?.primary, stateOf('db8')?.state],
    ['m2', 'm2', 'unknown'],
  );

  await policies.setPrimary({ manager: 'm3', nodes: ['db7'] }, 'ann');
  const refusal = () => agent.status.fromPool.refused?.text ?? '';
  await eventually('it refuses', () => /m3 may not become the primary manager .* of desk/.test(refusal()));
  assert.deepEqual([agent.status.primary, agent.status.connection.serverName], ['m2', 'm2']);
  await say(agent, 'to whom the rule says');
  await eventually('a rule is stronger', () => has(pools.other, 'to whom the rule says'));

  await using second = await runAgent(home, away, `${data}/db8`, { wall });
  await eventually('who was away follows when it comes', () => second.status.connection.serverName === 'm2');
  await policies.setPrimary({ manager: null, nodes: ['db7', 'db8'] }, 'ann');
  await eventually(
    'none of its own any more',
    () => agent.status.primary === null && agent.status.fromPool.refused === null,
  );
  await assert.rejects(
    policies.setPrimary({ manager: 'm9', nodes: ['db7'] }, 'ann'),
    /m9 is no server .* m1, m2, m3/,
  );
  await assert.rejects(policies.setPrimary({ manager: 'm2', nodes: ['db9'] }, 'ann'), /there is no node db9/);
});
