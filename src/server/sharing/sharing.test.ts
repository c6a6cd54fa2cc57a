import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setOtherPool } from '../../definitions/other-pools.ts';
import { Rights } from '../../model/rights.ts';
import type { OperationKind } from '../../model/operation.ts';
import type { RunningServer } from '../start-server.ts';
import { trust } from '../testing/test-agents.ts';
import { connectAgent, message } from '../testing/test-agent.ts';
import { eventually, TestServers } from '../testing/test-servers.ts';

const by = { changedMs: 0, by: 'test' };
const rule = (name: string, group: string, targets: string) => `
      MSGTARGETRULE DESCRIPTION "${name}"
        MSGTARGETRULECONDS MSGTARGETRULECOND DESCRIPTION "group" MSGGRP "${group}"
        MSGTARGETMANAGERS ${targets}`;
const target = (server: string, share = '') =>
  `MSGTARGETMANAGER TIMETEMPLATE "$OPC_ALWAYS" OPCMGR IP 0.0.0.0 "${server}" ${share}`;
const policy = (...rules: string[]) => ({
  kind: 'server-flexible-management',
  name: 'sharing',
  text: `RESPMGRCONFIGS RESPMGRCONFIG DESCRIPTION "sharing" MSGTARGETRULES ${rules.join('')}`,
});

/** They believe each other, and each takes messages of nodes `db…` of the other. */
async function acquaint(one: TestServers, oneName: string, other: TestServers, otherName: string) {
  await trust(one, other, otherName);
  await trust(other, one, oneName);
  const serversOf = (pool: TestServers, name: string) =>
    pool.running.map((server, at) => ({ name: `${name}${at + 1}.example.net`, url: pool.urlOf(server) }));
  await setOtherPool(one.coordination(), otherName, {
    servers: serversOf(other, otherName),
    accept: ['db*'],
    ...by,
  });
  await setOtherPool(other.coordination(), oneName, {
    servers: serversOf(one, oneName),
    accept: ['db*'],
    ...by,
  });
}

async function setPolicy({ view }: RunningServer, source: Record<string, unknown>): Promise<void> {
  await eventually('the other pool is known', () => view.poolStatus().pool.name !== '');
  for (let attempt = 0; ; attempt++)
    try {
      return await view.policies.set('sharing', { source }, 'ann');
    } catch (error) {
      if (attempt > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

const find = ({ view }: RunningServer, text: string) =>
  view.page({ order: 'oldest', limit: 1_000 }).messages.find((one) => one.text === text);
const detailOf = (server: RunningServer, text: string) => {
  const found = find(server, text);
  return found ? server.view.message(found.id) : null;
};
const texts = ({ view }: RunningServer) =>
  view.page({ order: 'oldest', limit: 1_000 }).messages.map(({ text }) => text);

async function operate(server: RunningServer, text: string, kind: OperationKind, who: string, said?: string) {
  const id = find(server, text)?.id ?? assert.fail(`${text} is not here`);
  const account = { name: who, rights: new Rights([{ right: 'see' }, { right: 'operate' }]) };
  const request = { kind, messages: [id], ...(said !== undefined && { text: said }) };
  const { results } = await server.view.operate(request, account);
  return results[0] ?? assert.fail();
}

test('messages go to another pool for notice or with control, and what is done at one side reaches the other', async () => {
  await using home = await TestServers.start(1);
  await using desk = await TestServers.start(1);
  const [here, there] = [home.running[0], desk.running[0]];
  assert.ok(here && there);
  await acquaint(home, 'home', desk, 'desk');
  home.act(here, 1);
  await setPolicy(
    here,
    policy(
      rule('look', 'Look', target('desk1.example.net')),
      rule('work', 'Work', target('desk1.example.net', 'MSGCONTROLLINGMGR')),
      rule('either', 'Either', `${target('desk1.example.net')} ACKNONLOCALMGR`),
    ),
  );
  await eventually('followed', () => here.view.poolStatus().serverRules.active);
  const agent = await connectAgent(home, here, await home.enrolNode('db7'));
  const web = await connectAgent(home, here, await home.enrolNode('web1'));
  const say = (text: string, group: string, from = agent) =>
    from.answerTo(from.send([{ ...message(text), group, severity: 'critical', createdMs: Date.now() }]));
  for (const group of ['Look', 'Work', 'Either', 'None']) await say(`to ${group}`, group);
  await say('of a node that the desk does not take', 'Look', web);
  await eventually('they are there', () => texts(there).length >= 3);
  await eventually('all is settled', () =>
    here.view.poolStatus().sharing.every(({ waiting }) => waiting === 0),
  );
  assert.deepEqual(
    texts(there)
      .filter((text) => text.startsWith('to '))
      .toSorted(),
    ['to Either', 'to Look', 'to Work'],
  );

  const { sharing } = detailOf(there, 'to Work') ?? assert.fail();
  assert.equal(find(there, 'to Work')?.nodeName, 'db7');
  assert.deepEqual(
    [sharing?.from?.poolName, sharing?.from?.share, sharing?.from?.because, sharing?.control],
    ['home', 'control', 'rule "work" (line 5) of policy sharing, condition "group" (line 6)', home.pool.id],
  );
  const sent = detailOf(here, 'to Work')?.sharing;
  assert.deepEqual(
    sent?.to.map(({ poolName, server, share, state }) => [poolName, server, share, state]),
    [['desk', 'desk1.example.net', 'control', 'sent']],
  );
  assert.equal(sent?.control, null, 'home controls what nobody has taken');
  const refused = () => detailOf(here, 'of a node that the desk does not take')?.sharing?.to[0];
  await eventually('refused with a reason', () => refused()?.state === 'refused');
  assert.match(refused()?.text ?? '', /no messages of node web1 are taken here from pool home/);

  await passControl({ home, desk, here, there });
  await lookOn(here, there);
  await eventually('nothing waits anywhere', () =>
    [here, there].every(({ view }) => view.poolStatus().sharing.every(({ waiting }) => waiting === 0)),
  );
  const counts = [here, there].map((server) => detailOf(server, 'to Work')?.operations.length);
  assert.deepEqual(counts, [5, 5], 'no operation comes back');
});

interface Pair {
  readonly home: TestServers;
  readonly desk: TestServers;
  readonly here: RunningServer;
  readonly there: RunningServer;
}

/** Control goes there and comes back. */
async function passControl({ home, desk, here, there }: Pair): Promise<void> {
  assert.equal((await operate(there, 'to Work', 'own', 'bob')).done, true);
  await eventually('owned here too', () => find(here, 'to Work')?.owner === 'bob of test');
  assert.equal(detailOf(here, 'to Work')?.sharing?.control, desk.pool.id);
  assert.equal(detailOf(there, 'to Work')?.sharing?.control, null);
  await operate(here, 'to Work', 'own', 'ann');
  await eventually('and back', () => find(there, 'to Work')?.owner === 'ann of test');
  assert.equal(detailOf(there, 'to Work')?.sharing?.control, home.pool.id);
  await operate(there, 'to Work', 'annotate', 'bob', 'looked at it');
  await operate(there, 'to Work', 'acknowledge', 'bob');
  await eventually('acknowledged here', () => find(here, 'to Work')?.state === 'acknowledged');
  await eventually('annotated here', () => find(here, 'to Work')?.annotations === 1);
  await operate(here, 'to Work', 'unacknowledge', 'ann');
  await eventually('open there', () => find(there, 'to Work')?.state === 'open');
}

/** For notice it is worked on where it came from. */
async function lookOn(here: RunningServer, there: RunningServer): Promise<void> {
  const no = await operate(there, 'to Look', 'acknowledge', 'bob');
  assert.deepEqual([no.done, no.because], [false, 'it came from pool home for notice; work on it there']);
  await operate(here, 'to Look', 'acknowledge', 'ann');
  await eventually('acknowledged there', () => find(there, 'to Look')?.state === 'acknowledged');
  assert.equal(find(there, 'to Look')?.acknowledgedBy, 'ann of test');
  assert.equal((await operate(there, 'to Either', 'own', 'bob')).done, false);
  assert.equal((await operate(there, 'to Either', 'acknowledge', 'bob')).done, true);
  await eventually('acknowledged here', () => find(here, 'to Either')?.state === 'acknowledged');
}

test('what waits for a pool that is away is kept, goes to the server that answers, and is there once after a failover', async () => {
  await using home = await TestServers.start(2);
  await using desk = await TestServers.start(2);
  const [first, second] = [home.running[0], home.running[1]];
  const [d1, d2] = [desk.running[0], desk.running[1]];
  assert.ok(first && second && d1 && d2);
  await acquaint(home, 'home', desk, 'desk');
  await setPolicy(first, policy(rule('all', 'Db', target('desk1.example.net', 'MSGCONTROLLINGMGR'))));
  home.act(first, 1);
  await eventually('followed', () => first.view.poolStatus().serverRules.active);
  const agent = await connectAgent(home, first, await home.enrolNode('db7'));
  const wanted: string[] = [];
  const say = (count: number) => {
    const names = Array.from({ length: count }, (_, at) => `message ${wanted.length + at}`);
    wanted.push(...names);
    return agent.answerTo(agent.send(names.map((text) => ({ ...message(text), group: 'Db' }))));
  };
  const isThere = (server: RunningServer) => wanted.every((text) => texts(server).includes(text));
  await say(10);
  await eventually('they are there', () => isThere(d1) && isThere(d2));
  await eventually('all is settled', () => first.view.poolStatus().sharing[0]?.waiting === 0);
  await desk.stop(d1);
  await say(10);
  await eventually('the other server of the pool takes them', () => isThere(d2), 10_000);
  assert.equal(first.view.poolStatus().sharing[0]?.connectedTo, 'm2');
  await desk.stop(d2);
  await say(20);
  // Those that the desk had on one disk are kept here as well.
  await eventually('they wait, on both servers', () =>
    [first, second].every(({ view }) => view.poolStatus().sharing[0]?.waiting === 30),
  );
  assert.match(first.view.poolStatus().sharing[0]?.problem ?? '', /desk/);
  await say(20);
  // The acting server goes while messages wait; the other takes over from where it was.
  home.act(first, null);
  home.act(second, 2);
  const again = await desk.restart(d2);
  await desk.restart(d1);
  await eventually('all are there', () => isThere(again), 15_000);
  await eventually('nothing waits', () => second.view.poolStatus().sharing[0]?.waiting === 0);
  assert.equal(texts(again).filter((text) => text.startsWith('message ')).length, wanted.length);
  await eventually('both say the same', () => {
    const [a, b] = [first, second].map(({ view }) => view.poolStatus().server.stateHash);
    return a === b;
  });
});

test('no message goes around: each pool gets it once, also where all share with all', async () => {
  const pools = [await TestServers.start(1), await TestServers.start(1), await TestServers.start(1)] as const;
  const [a, b, c] = pools;
  await using _a = a;
  await using _b = b;
  await using _c = c;
  const names = ['a', 'b', 'c'];
  const trusting = async (own: TestServers, others: readonly [TestServers, string][]) => {
    const { fingerprintOf } = await import('../../security/certificate-info.ts');
    const authority = (pool: TestServers['pool'], name: string) => ({
      certificatePem: pool.authority.certificatePem,
      pool: pool.id,
      name,
      addedMs: 0,
      by: 'test',
      sealedKey: null,
      sealedBy: null,
    });
    const signer = fingerprintOf(own.pool.authority.certificatePem);
    const authorities = [
      authority(own.pool, 'own'),
      ...others.map(([pool, name]) => authority(pool.pool, name)),
    ];
    await own.define('trust', { authorities, signsServers: signer, signsOthers: signer });
    for (const [pool, name] of others) {
      const [server] = pool.running;
      assert.ok(server);
      const servers = [{ name: `${name}.example.net`, url: pool.urlOf(server) }];
      await setOtherPool(own.coordination(), name, { servers, accept: ['db*'], ...by });
    }
  };
  const servers: RunningServer[] = [];
  for (const [at, pool] of pools.entries()) {
    const others = pools.flatMap((other, i): [TestServers, string][] =>
      i === at ? [] : [[other, names[i] ?? '']],
    );
    await trusting(pool, others);
    const [server] = pool.running;
    assert.ok(server);
    servers.push(server);
    const targets = others.map(([, name]) => target(`${name}.example.net`, 'MSGCONTROLLINGMGR')).join(' ');
    await setPolicy(server, policy(rule('all', 'Db', targets)));
    pool.act(server, 1);
    await eventually('followed', () => server.view.poolStatus().serverRules.active);
  }
  const [first, second, third] = servers;
  assert.ok(first && second && third);
  const agent = await connectAgent(a, first, await a.enrolNode('db7'));
  await agent.answerTo(agent.send([{ ...message('round'), group: 'Db' }]));
  await eventually('everywhere', () => servers.every((server) => find(server, 'round') !== undefined));
  await eventually('nothing waits', () =>
    servers.every(({ view }) => view.poolStatus().sharing.every(({ waiting }) => waiting === 0)),
  );
  await eventually('who has it refuses it, and says why', () =>
    [second, third].every((server) =>
      (detailOf(server, 'round')?.sharing?.to ?? []).some(({ text }) =>
        /has been in that pool before/.test(text ?? ''),
      ),
    ),
  );
  await operate(third, 'round', 'acknowledge', 'cat');
  await eventually('acknowledged everywhere', () =>
    servers.every((server) => find(server, 'round')?.state === 'acknowledged'),
  );
});
