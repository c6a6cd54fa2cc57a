import assert from 'node:assert/strict';
import { once } from 'node:events';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { connect as netConnect } from 'node:net';
import { connect as tlsConnect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { openCoordination } from '../../src/coordination/open.ts';
import type { Coordination } from '../../src/coordination/coordination.ts';
import { dialLink } from '../../src/link/dial-link.ts';
import { codeOf, textOf } from '../../src/model/errors.ts';
import { identityUri } from '../../src/model/identity.ts';
import { nodeClock, nodeTimers } from '../../src/runtime/node/clock.ts';
import { nodeCommands } from '../../src/runtime/node/commands.ts';
import { nodeDatabases } from '../../src/runtime/node/database.ts';
import { nodeFiles } from '../../src/runtime/node/files.ts';
import { silentLog } from '../../src/runtime/node/log.ts';
import { nodeNetwork } from '../../src/runtime/node/network.ts';
import type { Credentials } from '../../src/runtime/network.ts';
import { askRenewal } from '../../src/security/ask-renewal.ts';
import { readAuthorityFile } from '../../src/security/authority-file.ts';
import { certificateInfo } from '../../src/security/certificate-info.ts';
import { readAgentCredentials } from '../../src/security/identity-store.ts';
import { makeKeyPair } from '../../src/security/key-pair.ts';
import { makeRenewal } from '../../src/security/proof.ts';
import { revoke } from '../../src/security/revoke.ts';
import { TestPool } from '../../src/security/test-pool.ts';
import { RealPool, until } from '../pool/real-pool.ts';
import { SessionUser, signOut } from './session-ends.ts';

/** What is promised; the measured figures stand in SECURITY.md. */
const outWithinMs = 5_000;
const thieves = 3;
const network = nodeNetwork(silentLog);
let pool: RealPool;
let signing: TestPool;
let coordination: Coordination;

before(async () => {
  pool = await RealPool.start({ servers: 3 });
  const authority = await readAuthorityFile(
    { files: nodeFiles, commands: nodeCommands() },
    path.join(pool.folder, 'server-1/authority.pem'),
  );
  const { identity } = certificateInfo(/-----BEGIN CERT[^]*?-----END.*/.exec(pool.identityPem)?.[0] ?? '');
  signing = TestPool.of(identity?.pool ?? assert.fail(), authority);
  coordination = await openCoordination(pool.coordination, {
    databases: nodeDatabases,
    timers: nodeTimers,
    clock: nodeClock,
    files: nodeFiles,
    log: silentLog,
  });
});
after(async () => {
  await coordination.close();
  await pool[Symbol.asyncDispose]();
});

/** Every listener that there is: the servers' own, and the one that a grant opened. */
const doors = (): string[] => [...pool.servers.map(({ url }) => url), pool.virtualUrl];

interface Thief {
  readonly name: string;
  readonly credentials: Credentials;
}

async function enrolled(name: string): Promise<Thief> {
  const { data } = await pool.enrolAgent(name);
  const [key = '', certificate = '', authorities = ''] = ['key', 'certificate', 'authorities'].map((file) =>
    path.join(data, `${file}.pem`),
  );
  return { name, credentials: await readAgentCredentials(nodeFiles, { key, certificate, authorities }) };
}

function dial(url: string, { name, credentials }: Thief) {
  return dialLink(
    { network, clock: nodeClock, timers: nodeTimers },
    {
      connect: { url, credentials, pool: signing.id, timeoutMs: 5_000, messageBytesMax: 1_000_000 },
      self: 'agent',
      hello: { name, version: '1', dialled: url },
    },
  );
}

function tlsTo(url: string, credentials: Credentials, more: ConnectionOptions = {}): TLSSocket {
  const { hostname: host, port } = new URL(url);
  const own = { cert: credentials.certificatePem, key: credentials.keyPem };
  const socket = tlsConnect({ host, port: Number(port), rejectUnauthorized: false, ...own, ...more });
  socket.on('error', () => undefined);
  return socket;
}

/** Asks over HTTP, on a connection that may resume `session`: the status, and whether TLS resumed anything. */
async function asked(
  url: string,
  credentials: Credentials,
  session?: Buffer,
): Promise<{ status: string; reused: boolean }> {
  const socket = tlsTo(url, credentials, session && { session });
  await once(socket, 'secureConnect');
  // A socket that has ended does not know any more.
  const reused = socket.isSessionReused();
  socket.write('GET /api/v1/pool HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  let said = '';
  for await (const chunk of socket) said += String(chunk);
  return { status: said.slice(9, 12), reused };
}

async function holdOpen(thief: Thief) {
  const links = await Promise.all(doors().map((url) => dial(url, thief)));
  const silent = doors().map((url) => tlsTo(url, thief.credentials).resume());
  await Promise.all(silent.map((socket) => once(socket, 'secureConnect')));
  const isOut = (): boolean =>
    links.every(({ connection }) => connection.ending !== null) && silent.every((socket) => socket.destroyed);
  return { isOut, silent };
}

async function revokeNow({ name, credentials }: Thief): Promise<void> {
  const { identity } = certificateInfo(credentials.certificatePem);
  assert(identity);
  await revoke({ coordination, clock: nodeClock }, { identity, name, by: 'test', because: 'it was stolen' });
}

test('a revoked agent is out on three servers and the virtual interface, and stays out, resumed or not', async (t) => {
  const tookMs: number[] = [];
  for (let number = 1; number <= thieves; number++) {
    const thief = await enrolled(`thief-${number}`);
    const sessions: Buffer[] = [];
    const { isOut, silent } = await holdOpen(thief);
    for (const socket of silent) socket.on('session', (session: Buffer) => sessions.push(session));
    const startedMs = performance.now();
    await revokeNow(thief);
    await until(`${thief.name} is out`, isOut, outWithinMs * 2, 5);
    tookMs.push(Math.round(performance.now() - startedMs));
    for (const url of doors()) {
      await assert.rejects(dial(url, thief), (error) => /revoked/.test(textOf(error)));
      for (const session of [undefined, ...sessions])
        assert.deepEqual(await asked(url, thief.credentials, session), { status: '403', reused: false });
      const request = makeRenewal(thief.credentials, makeKeyPair());
      const trust = { authorityPems: thief.credentials.authorityPems };
      assert.equal(
        await askRenewal(network, [url], trust, request).then(() => 'renewed', codeOf),
        'WK_REVOKED',
      );
    }
  }
  t.diagnostic(`out of all after ${tookMs.join(', ')} ms`);
  for (const ms of tookMs) assert(ms < outWithinMs, `it took ${ms} ms`);
});

test('a server that was down lets nobody in who was revoked meanwhile, from its first answer on', async (t) => {
  const thief = await enrolled('thief-of-the-night');
  const [, , down] = pool.servers;
  assert(down);
  const before = await dial(down.url, thief);
  await down.process.stop();
  await until('its connection is gone', () => before.connection.ending !== null, 10_000, 20);
  await revokeNow(thief);
  down.process.start();
  const startedMs = performance.now();
  let refused = 0;
  await until(
    'it answers',
    async () => {
      const outcome = await dial(down.url, thief).then(() => 'taken', textOf);
      assert.notEqual(outcome, 'taken');
      if (/revoked/.test(outcome)) refused += 1;
      return refused > 2;
    },
    30_000,
    20,
  );
  assert.equal((await asked(down.url, thief.credentials)).status, '403');
  t.diagnostic(`its first refusal came ${Math.round(performance.now() - startedMs)} ms after it was started`);
});

test('a session ends on three servers and the virtual interface, with its live streams, in each way there is', async (t) => {
  const [first, second, third] = pool.servers;
  assert(first && second && third);
  const user = new SessionUser('ann', second.api, doors());
  await user.create();
  const ways: Readonly<Record<string, (token: string) => Promise<unknown>>> = {
    'signed out': (token) => signOut(third.url, token),
    'other roles': () => user.change({ kind: 'change', roles: ['observer'] }),
    'another password': () => user.changePassword(),
    'signed out by an administrator': () => user.change({ kind: 'sign-out' }),
    disabled: () => user.change({ kind: 'disable' }),
  };
  const tookMs: Record<string, number> = {};
  for (const [way, end] of Object.entries(ways)) {
    const { token, isOut } = await user.signIn();
    const startedMs = performance.now();
    await end(token);
    await until(`it is out everywhere: ${way}`, isOut, outWithinMs * 2, 5);
    tookMs[way] = Math.round(performance.now() - startedMs);
  }
  t.diagnostic(JSON.stringify(tookMs));
  for (const [way, ms] of Object.entries(tookMs)) assert(ms < outWithinMs, `${way}: ${ms} ms`);
});

test('certificates that are not in order are nobody on every listener of a running pool', async () => {
  const stranger = await TestPool.make();
  const agent = signing.identity('agent');
  const uri = identityUri(agent);
  const dayMs = 86_400_000;
  const nowMs = nodeClock.wallMs();
  const middle = await signing.credentials(agent);
  const bad: readonly (readonly [string, Promise<Credentials>])[] = [
    ['signed by itself', signing.selfSigned(signing.identity('user'))],
    ['of an authority of the same name', stranger.credentials(signing.identity('user'))],
    ['of another pool', stranger.credentials(stranger.identity('user'))],
    ['that has expired', signing.credentials(signing.identity('user'), nowMs - 100 * dayMs)],
    ['that is not valid yet', signing.oddCredentials({ uris: [uri], notBeforeMs: nowMs + dayMs })],
    ['for servers only', signing.oddCredentials({ uris: [uri], usages: ['server'] })],
    ['without a URI', signing.oddCredentials({ commonName: uri })],
    ['with two URIs', signing.oddCredentials({ uris: [uri, identityUri(signing.identity('server'))] })],
    ['with a NUL', signing.oddCredentials({ uris: [`${uri}\0.example`] })],
    ['with a wildcard', signing.oddCredentials({ uris: [`watchkeeper://${signing.id}/agent/*`] })],
    ['signed by an agent', signing.oddCredentials({ uris: [uri] }, middle)],
    ['of a virtual interface', signing.credentials(signing.identity('interface'))],
    ['of a server that nobody knows', signing.credentials(signing.identity('server'))],
    ['of a user that nobody knows', signing.credentials(signing.identity('user'))],
  ];
  for (const [what, made] of bad) {
    const credentials = { ...(await made), authorityPems: [signing.authority.certificatePem] };
    for (const url of doors()) {
      assert.equal((await asked(url, credentials)).status, '401', `${what} at ${url}`);
      await assert.rejects(dial(url, { name: 'web1', credentials }), `${what} at ${url}`);
    }
  }
});

test('no listener of a running pool speaks old TLS, or anything that is no TLS', async () => {
  for (const url of doors()) {
    for (const version of ['TLSv1', 'TLSv1.1', 'TLSv1.2'] as const) {
      const { hostname: host, port } = new URL(url);
      const ciphers = 'DEFAULT@SECLEVEL=0';
      const old = { minVersion: version, maxVersion: version, ciphers, rejectUnauthorized: false };
      await assert.rejects(
        once(tlsConnect({ host, port: Number(port), ...old }), 'secureConnect'),
        `${version} at ${url}`,
      );
    }
    const plain = netConnect(Number(new URL(url).port), '127.0.0.1');
    plain.on('error', () => undefined);
    plain.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    let said = '';
    for await (const chunk of plain) said += String(chunk);
    assert(!said.startsWith('HTTP/'), said);
  }
});
