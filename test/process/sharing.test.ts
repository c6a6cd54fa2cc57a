import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentClient } from '../../src/agent/local/agent-client.ts';
import { silentLog } from '../../src/runtime/node/log.ts';
import { nodeNetwork } from '../../src/runtime/node/network.ts';
import { allMessages, poolStatus } from '../pool/answers.ts';
import { signal } from '../pool/managed-process.ts';
import { RealPool, until, type RealServer } from '../pool/real-pool.ts';

const mark = 'shared ';
const policyText = `RESPMGRCONFIGS RESPMGRCONFIG DESCRIPTION "sharing" MSGTARGETRULES
  MSGTARGETRULE DESCRIPTION "all of the desk's"
    MSGTARGETRULECONDS MSGTARGETRULECOND DESCRIPTION "group" MSGGRP "Desk"
    MSGTARGETMANAGERS MSGTARGETMANAGER TIMETEMPLATE "$OPC_ALWAYS" OPCMGR IP 0.0.0.0 "desk.example.net"`;

/** As the guide has it: each pool believes the other, one knows where the other is, the other what it takes. */
async function acquaint(home: RealPool, desk: RealPool): Promise<void> {
  const pools = { home, desk };
  const config = (pool: RealPool): string => pool.servers[0]?.config ?? '';
  for (const [name, pool] of Object.entries(pools)) {
    const file = path.join(home.folder, `${name}.trust`);
    writeFileSync(file, await pool.command('trust', 'export', '--config', config(pool)));
    const other = pool === home ? desk : home;
    await other.command('trust', 'import', file, '--config', config(other));
  }
  const there = `desk.example.net=${desk.servers[0]?.url}`;
  await home.command('other-pool', 'set', 'desk', '--server', there, '--config', config(home));
  await desk.command('other-pool', 'set', 'home', '--accept', 'node-*', '--config', config(desk));
  await until(
    'the pool that shares takes a policy that names the other',
    async () => {
      const source = { kind: 'server-flexible-management', name: 'sharing', text: policyText };
      return (await home.servers[0]?.api.request('PUT', '/api/v1/policies/sharing', { source })) !== null;
    },
    20_000,
  );
}

async function sharedTexts({ api }: RealServer): Promise<string[]> {
  return (await allMessages(api)).map(({ text }) => text).filter((text) => text.startsWith(mark));
}

test(
  'the server that sends to another pool is killed in the middle: that pool gets every message, once',
  { timeout: 300_000 },
  async () => {
    await using home = await RealPool.start({ name: 'home', servers: 2, agents: 1, restart: false });
    await using desk = await RealPool.start({ name: 'desk', servers: 1 });
    const [there] = desk.servers;
    const [node] = home.agents;
    assert.ok(there && node);
    await acquaint(home, desk);

    const client = await AgentClient.connect(nodeNetwork(silentLog), node.data);
    let sent = 0;
    const send = async (count: number): Promise<void> => {
      const drafts = Array.from({ length: count }, () => `${mark}${(sent += 1)}`);
      await Promise.all(drafts.map((text) => client.send({ severity: 'minor', group: 'Desk', text })));
    };
    const [one] = home.servers;
    assert.ok(one);
    const actingName = (await poolStatus(one.api)).roles.find(({ role }) => role === 'acting')?.holderName;
    const acting = home.servers.find(({ name }) => name === actingName) ?? assert.fail('nobody acts');
    const killed = new AbortController();
    const sending = (async () => {
      while (!killed.signal.aborted) {
        await send(20);
        await sleep(20);
      }
      await send(200);
    })();
    await until('messages come', async () => (await sharedTexts(there)).length > 100, 60_000, 20);
    for (const pid of acting.process.pids) signal(pid, 'SIGKILL');
    killed.abort();
    await sending;

    const all = Array.from({ length: sent }, (_, at) => `${mark}${at + 1}`).toSorted();
    await until(
      'the other pool has all',
      async () => (await sharedTexts(there)).length >= all.length,
      60_000,
    );
    acting.process.start();
    await until('it is back', async () => (await acting.api.get('/readyz', 1_000)) !== null, 40_000);
    const waiting = async ({ api }: RealServer): Promise<boolean> =>
      /"sharing":\[\{[^\]]*"waiting":0/.test(await api.text('/api/v1/pool'));
    await until(
      'nothing waits any more',
      async () => (await Promise.all(home.servers.map(waiting))).every(Boolean),
      40_000,
    );
    assert.deepEqual((await sharedTexts(there)).toSorted(), all, 'every message, and none twice');
    for (const server of home.servers) {
      const complete = async (): Promise<boolean> => (await sharedTexts(server)).length === all.length;
      await until(`${server.name} of the pool that shares has all as well`, complete, 40_000);
    }
    client.close();
  },
);
