import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { z } from 'zod';
import { messagePageSchema, nodeViewSchema } from '../../src/model/api.ts';
import { roleHistorySchema, roleViewSchema } from '../../src/model/role-api.ts';
import { uriNames } from '../../src/model/certificate-names.ts';
import { median } from '../../bench/statistics.ts';
import { signal } from '../pool/managed-process.ts';
import { childrenOf } from '../pool/process-table.ts';
import { poolStatus } from '../pool/answers.ts';
import { RealPool, until, type RealServer } from '../pool/real-pool.ts';
import { SilenceProbe } from '../pool/silence-probe.ts';
import { runWatchkeeper, type CliResult } from '../pool/watchkeeper.ts';

const role = 'virtual-interface/main';
const nodesSchema = z.object({ nodes: z.array(nodeViewSchema) });
const listSchema = z.object({
  virtualInterfaces: z.array(z.object({ agents: z.int(), messages: z.int().nullable() })),
});
const moves = 8;
let pool: RealPool;

before(async () => {
  pool = await RealPool.start({ servers: 3 });
  // A holder says with each takeover what it knew; one that has just started knows nothing.
  const knows = async ({ api }: RealServer): Promise<boolean> =>
    Object.keys((await poolStatus(api)).server.positions).length > 0;
  await until(
    'every server has heard of the others',
    async () => (await Promise.all(pool.servers.map(knows))).every(Boolean),
    10_000,
  );
});
after(() => pool[Symbol.asyncDispose]());

/** As an operator types it, to any server of the pool. */
function command(...args: readonly string[]): Promise<CliResult> {
  const servers = pool.servers.flatMap(({ url }) => ['--server', url]);
  return runWatchkeeper(['role', ...args, ...servers, '--identity', pool.identity], {
    environment: { XDG_CONFIG_HOME: pool.folder },
  });
}

async function good(...args: readonly string[]): Promise<CliResult> {
  const result = await command(...args);
  assert.equal(result.exitCode, 0, result.stderr);
  return result;
}

async function shown(): Promise<z.infer<typeof roleViewSchema>> {
  return roleViewSchema.parse(JSON.parse((await good('show', role, '--json')).stdout));
}

test(`role move: ${moves} times, and each time the address is silent for a blink`, async (context) => {
  await using probe = new SilenceProbe(pool.virtualPort);
  const silentMs: number[] = [];
  let holder = (await shown()).holderName;
  for (let move = 1; move <= moves; move++) {
    const to = holder === 'server-2' ? 'server-3' : 'server-2';
    probe.takeLongestMs();
    const { stderr } = await good('move', role, to);
    assert.match(
      stderr,
      new RegExp(`moved from ${holder} to ${to}: moved by an operator; nobody held it for`),
    );
    context.diagnostic(stderr.trim());
    await until('the address answers', () => probe.answers, 5_000, 10);
    silentMs.push(probe.takeLongestMs());
    holder = to;
  }
  context.diagnostic(
    `silent for ${silentMs.map(Math.round).join(', ')} ms, median ${Math.round(median(silentMs))}`,
  );
});

test('every server has the same history, and the message browser has it too', async () => {
  const { epoch } = await shown();
  const path = `/api/v1/roles/${encodeURIComponent(role)}/history`;
  const histories = async () =>
    Promise.all(pool.servers.map(async ({ api }) => roleHistorySchema.parse(await api.get(path))));
  await until(
    'all have the last change',
    async () => (await histories()).every(({ changes }) => changes[0]?.epoch === epoch),
    10_000,
  );
  const [one, ...others] = await histories();
  for (const other of others) assert.deepEqual(other, one);
  const moved = one?.changes.filter(({ because }) => because === 'moved by an operator') ?? [];
  assert.equal(moved.length, moves);
  for (const { from, holder, planned, unheldMs, positions } of moved) {
    assert.ok(from !== null && from !== holder && planned === true && (unheldMs ?? -1) >= 0);
    assert.ok(Object.keys(positions).length > 0);
  }
  const page = await pool.servers[1]?.api.get('/api/v1/messages?text=moved%20by%20an%20operator&limit=100');
  const told = messagePageSchema.parse(page).messages;
  assert.equal(told.length, moves);
  assert.ok(told.every(({ severity }) => severity === 'normal'));
});

/** Whom the address says that it is, and with which key. */
async function shownAt(port: number): Promise<{ names: string[]; key: string; isFor: boolean }> {
  const socket = tlsConnect({
    port,
    host: '127.0.0.1',
    ca: pool.identityPem,
    checkServerIdentity: () => undefined,
  });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate() ?? assert.fail('no certificate');
  socket.destroy();
  return {
    names: uriNames(certificate.subjectAltName ?? ''),
    key: certificate.publicKey.export({ type: 'spki', format: 'pem' }),
    isFor: certificate.checkIP('127.0.0.1') !== undefined,
  };
}

test('the address has a certificate and a core ID of its own, on whichever server it is', async () => {
  const seen: Awaited<ReturnType<typeof shownAt>>[] = [];
  for (const to of ['server-1', 'server-2', 'server-3']) {
    if ((await shown()).holderName !== to) await good('move', role, to);
    seen.push(await shownAt(pool.virtualPort));
  }
  const [{ names } = assert.fail()] = seen;
  assert.match(names.join(), /^watchkeeper:\/\/[^/]+\/interface\/[^/]+$/);
  for (const each of seen) assert.deepEqual([each.names, each.isFor], [names, true]);
  assert.equal(new Set(seen.map(({ key }) => key)).size, 3, 'a key has travelled');
  const { names: own } = await shownAt(Number(new URL(pool.servers[0]?.url ?? '').port));
  assert.match(own.join(), /\/server\//);
});

test('role move says why it does not: an unknown server, an offline one, a pinned role', async () => {
  const unknown = await command('move', role, 'server-9');
  assert.equal(unknown.exitCode, 3);
  assert.match(unknown.stderr, /no server server-9; there are: server-1, server-2, server-3/);
  assert.equal((await command('move', 'no-such-role', 'server-1')).exitCode, 3);

  await good('pin', role, 'server-1');
  assert.equal((await shown()).holderName, 'server-1');
  const pinned = await command('move', role, 'server-2');
  assert.equal(pinned.exitCode, 6);
  assert.match(pinned.stderr, /pinned to server-1; run role unpin/);
  await good('unpin', role);

  const away = pool.servers.find(({ name }) => name === 'server-3');
  await away?.process.stop();
  await until(
    'server-3 is offline',
    async () => (await shown()).servers.some(({ name, state }) => name === 'server-3' && state === 'offline'),
    10_000,
  );
  const offline = await command('move', role, 'server-3');
  assert.equal(offline.exitCode, 6);
  assert.match(offline.stderr, /server-3 is offline/);
});

test('automatic failback: the role goes back when the preferred server was well for the settle time', async (context) => {
  await good('order', role, 'server-1', 'server-2');
  await good('failback', role, 'automatic', '--settle', '1s');
  const before = await shown();
  assert.equal(before.holderName, 'server-1');
  const serverProcess = childrenOf(pool.servers[0]?.process.pid ?? 0)[0];
  assert.ok(serverProcess !== undefined);
  signal(serverProcess, 'SIGKILL');
  await until(
    'it went away and came back',
    async () => {
      const { holderName, epoch } = await shown();
      return holderName === 'server-1' && epoch === before.epoch + 2;
    },
    30_000,
  );
  // Each change is in the journal of who took the role, and a server that just came back still catches up with it.
  const newest = async () => {
    const { stdout } = await good('history', role, '--limit', '2', '--json');
    return roleHistorySchema.parse(JSON.parse(stdout)).changes;
  };
  await until(
    'both changes are in the history',
    async () => (await newest())[1]?.epoch === before.epoch + 1,
    10_000,
  );
  const changes = await newest();
  assert.deepEqual(
    changes.map(({ because, planned, fromName, holderName }) => [because, planned, fromName, holderName]),
    [
      ['failback to the preferred server', true, 'server-2', 'server-1'],
      ['server process ended', false, 'server-1', 'server-2'],
    ],
  );
  context.diagnostic(`nobody held it for ${changes.map(({ unheldMs }) => unheldMs).join(' and ')} ms`);
  const page = await pool.servers[1]?.api.get(
    '/api/v1/messages?text=server%20process%20ended&severity=warning',
  );
  assert.ok(messagePageSchema.parse(page).messages.some(({ object }) => object === role));
});

test('an agent that came by a server of its own accord is sent to the virtual interface once there is one', async () => {
  const config = pool.servers[0]?.config ?? '';
  await pool.command('virtual-interface', 'remove', 'main', '--config', config);
  const agent = await pool.enrolAgent('late');
  pool.agents.push(agent);
  agent.process.start();
  const through = async () => {
    const { nodes } = nodesSchema.parse(await pool.servers[0]?.api.get('/api/v1/nodes'));
    return nodes.find(({ name }) => name === 'late');
  };
  await until(
    'the agent is connected to a server',
    async () => typeof (await through())?.connectedTo === 'string',
    20_000,
  );
  assert.equal((await through())?.via, null);
  const address = `127.0.0.1:${pool.virtualPort}`;
  await pool.command('virtual-interface', 'add', 'main', '--address', address, '--config', config);
  await until('it went to the interface', async () => (await through())?.via === 'main', 20_000);

  await pool.command(
    'message',
    'send',
    '--severity',
    'normal',
    '--text',
    'through it',
    '--config',
    agent.config,
  );
  const listed = async () => {
    const args = ['virtual-interface', 'list', '--json', '--server', pool.servers[0]?.url ?? ''];
    const { stdout } = await runWatchkeeper([...args, '--identity', pool.identity]);
    return listSchema.parse(JSON.parse(stdout)).virtualInterfaces[0];
  };
  await until('it is counted', async () => ((await listed())?.messages ?? 0) >= 1, 10_000);
  assert.equal((await listed())?.agents, 1);
});
