import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { connect as netConnect, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as tlsConnect, type ConnectionOptions } from 'node:tls';
import { openCoordination } from '../../src/coordination/open.ts';
import { managedUrl } from '../../src/coordination/managed/etcd-files.ts';
import type { Coordination } from '../../src/coordination/coordination.ts';
import { dialLink } from '../../src/link/dial-link.ts';
import { keys } from '../../src/model/definitions.ts';
import { codeOf } from '../../src/model/errors.ts';
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
import { makeKeyPair } from '../../src/security/key-pair.ts';
import { makeRenewal } from '../../src/security/proof.ts';
import { revoke } from '../../src/security/revoke.ts';
import { TestPool } from '../../src/security/test-pool.ts';
import { freePorts } from '../pool/free-ports.ts';
import { RealPool, until, type EtcdListen } from '../pool/real-pool.ts';
import { isInstalled } from '../runner/needs.ts';
import { certificateCases, type Enrolled } from './certificate-cases.ts';
import { endEtcdOf } from './own-etcd.ts';

/**
 * Every certificate of the list, and whatever is no TLS of ours, on every listener of a pool that runs: two servers, the
 * virtual interface, and their etcd's two ports. A witness listens with nothing but such an etcd; the console and the
 * endpoints for joining and renewing are behind the servers' own port.
 */
const skip = isInstalled('etcd') ? false : 'etcd is not installed';
const network = nodeNetwork(silentLog);
const ports = {
  databases: nodeDatabases,
  timers: nodeTimers,
  clock: nodeClock,
  files: nodeFiles,
  log: silentLog,
};
let pool: RealPool;
let etcd: EtcdListen;
let coordination: Coordination;
let enrolled: Enrolled;
const names = new Map<string, string>();

before(async () => {
  if (skip !== false) return;
  const [client = 0, peer = 0] = await freePorts(2);
  etcd = [`127.0.0.1:${client}`, `127.0.0.1:${peer}`];
  pool = await RealPool.start({ coordination: 'managed', etcdListen: [etcd], servers: 2 });
  const data = path.join(pool.folder, 'server-1');
  const reading = { files: nodeFiles, commands: nodeCommands() };
  const authority = await readAuthorityFile(reading, path.join(data, 'authority.pem'));
  const { identity } = certificateInfo(/-----BEGIN CERT[^]*?-----END.*/.exec(pool.identityPem)?.[0] ?? '');
  const own = TestPool.of(identity?.pool ?? assert.fail(), authority);
  coordination = await openCoordination(managedUrl([etcd[0]], own.id, data), ports);
  enrolled = { pool: own, stranger: await TestPool.make(), enrol, revoke: revokeNow };
});
after(async () => {
  if (skip !== false) return;
  await coordination.close();
  await pool[Symbol.asyncDispose]();
  await endEtcdOf(pool, 'server-1').catch(() => undefined);
});

const enrol: Enrolled['enrol'] = async (kind) => {
  const identity = enrolled.pool.identity(kind);
  const { coreId } = identity;
  const name = `case-${names.size}`;
  names.set(coreId, name);
  const definition = {
    agent: { key: keys.node(coreId), value: { coreId, name, joinedMs: 0 } },
    server: { key: keys.server(coreId), value: { coreId, name, url: 'https://127.0.0.1:9', joinedMs: 0 } },
    user: { key: keys.user(coreId), value: { coreId, name, createdMs: 0, roles: ['administrator'] } },
    witness: { key: keys.witness(coreId), value: { coreId, name, joinedMs: 0 } },
  }[kind];
  await coordination.transact({
    conditions: [],
    writes: [{ key: definition.key, value: JSON.stringify(definition.value) }],
  });
  return identity;
};

async function revokeNow(identity: Parameters<Enrolled['revoke']>[0]): Promise<void> {
  const why = { name: 'case', by: 'test', because: 'it was stolen' };
  await revoke({ coordination, clock: nodeClock }, { identity, ...why });
}

const urls = (): string[] => [...pool.servers.map(({ url }) => url), pool.virtualUrl];
const listeners = (): string[] => [...urls(), ...etcd.map((place) => `https://${place}`)];

async function onLink(url: string, credentials: Credentials | null): Promise<'taken' | 'refused'> {
  if (credentials === null) return 'refused';
  const { identity } = certificateInfo(credentials.certificatePem);
  const self = identity?.kind === 'server' ? 'server' : 'agent';
  const connect = { url, credentials, pool: enrolled.pool.id, timeoutMs: 5_000, messageBytesMax: 1e6 };
  const hello = { name: names.get(identity?.coreId ?? '') ?? 'nobody', version: '1', dialled: url };
  const ports = { network, clock: nodeClock, timers: nodeTimers };
  try {
    const { connection } = await dialLink(ports, { connect, self, hello });
    connection.close('seen');
    return 'taken';
  } catch {
    return 'refused';
  }
}

async function atApi(url: string, credentials: Credentials | null): Promise<number> {
  const trust = { authorityPems: [enrolled.pool.authority.certificatePem] };
  const call = { url: `${url}/api/v1/pool`, method: 'GET', timeoutMs: 5_000, trust };
  return (await network.call(credentials === null ? call : { ...call, credentials })).status;
}

async function renewal(url: string, credentials: Credentials | null): Promise<string> {
  const trust = { authorityPems: [enrolled.pool.authority.certificatePem] };
  const request =
    credentials === null
      ? { certificatePem: '', publicKeyPem: '', proof: '', newProof: '' }
      : makeRenewal(credentials, makeKeyPair());
  // So many of them from one address are put off, before anything is looked at.
  for (const endMs = performance.now() + 30_000; ; await pause(500)) {
    const answer = await askRenewal(network, [url], trust, request).then(() => 'yes', codeOf);
    if (answer !== 'WK_OVERLOADED' || performance.now() > endMs) return answer;
  }
}

/** What is asked needs no right there: whoever is answered at all was taken. */
async function atEtcd(place: string, credentials: Credentials | null): Promise<'taken' | 'refused'> {
  const [host, port] = place.split(':');
  const own = credentials === null ? {} : { cert: credentials.certificatePem, key: credentials.keyPem };
  const socket = tlsConnect({ host: host ?? '', port: Number(port), rejectUnauthorized: false, ...own });
  socket.on('error', () => undefined);
  socket.write('GET /version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  let said = '';
  try {
    for await (const chunk of socket) said += String(chunk);
  } catch {
    // Cut by the other side.
  }
  return said.startsWith('HTTP/1.1 200') ? 'taken' : 'refused';
}

/** The same on each of the servers' own ports, or it says where not. */
async function taken(credentials: Credentials | null): Promise<string[]> {
  const links = await Promise.all(urls().map((url) => onLink(url, credentials)));
  const statuses = await Promise.all(urls().map((url) => atApi(url, credentials)));
  const atEach = await Promise.all(etcd.map((place) => atEtcd(place, credentials)));
  return [same(links), same(statuses), ...atEach];
}

function same(found: readonly (string | number)[]): string {
  const [first = ''] = found;
  return found.every((one) => one === first) ? String(first) : `${found.join('/')} at ${urls().join(', ')}`;
}

test('every certificate of the list, on every listener', { skip }, async (t) => {
  const wrong: string[] = [];
  for (const [at, [what, expected, make]] of certificateCases.entries()) {
    const credentials = await make(enrolled);
    const [link, api, renewed, ...atEach] = expected;
    const wanted = [link, String(api), ...atEach].join(' ');
    let found = '';
    // Word of who is enrolled or revoked may be on its way: what is promised is promised in 5 s.
    for (const endMs = performance.now() + 5_000; ; await pause(50)) {
      found = (await taken(credentials)).join(' ');
      if (found === wanted || performance.now() > endMs) break;
    }
    // Once and last: a key that is exchanged twice is taken for stolen.
    const answer = await renewal(urls()[at % 3] ?? '', credentials);
    if (found !== wanted || answer !== renewed)
      wrong.push(`${what}: ${found} ${answer}, not ${wanted} ${renewed}`);
  }
  assert.deepEqual(wrong, []);
  t.diagnostic(`${certificateCases.length} certificates on ${listeners().length} listeners`);
});

test('a key that is exchanged twice is out on every listener, with whoever has it', { skip }, async () => {
  const mine = await enrolled.pool.credentials(await enrol('agent'));
  await until('it is taken', async () => (await taken(mine))[0] === 'taken', 5_000, 50);
  assert.equal(await renewal(urls()[0] ?? '', mine), 'yes');
  assert.equal(await renewal(urls()[1] ?? '', mine), 'WK_REVOKED');
  await until(
    'it is refused everywhere',
    async () => (await taken(mine)).join() === 'refused,403,refused,refused',
    5_000,
    50,
  );
});

const dialled = (listener: string): { host: string; port: number } => ({
  host: new URL(listener).hostname,
  port: Number(new URL(listener).port),
});

test(
  'no listener speaks a TLS that is too old, and none of ours the one before the last',
  { skip },
  async () => {
    for (const [version, listening] of [
      ['TLSv1', listeners()],
      ['TLSv1.1', listeners()],
      // etcd 3.4 cannot be told to want 1.3; it asks for the certificate in 1.2 just the same.
      ['TLSv1.2', urls()],
    ] as const)
      for (const listener of listening) {
        const old: ConnectionOptions = {
          minVersion: version,
          maxVersion: version,
          ciphers: 'DEFAULT@SECLEVEL=0',
        };
        const socket = tlsConnect({ ...dialled(listener), ...old, rejectUnauthorized: false });
        await assert.rejects(once(socket, 'secureConnect'), `${version} at ${listener}`);
        socket.destroy();
      }
  },
);

const noTls: readonly (readonly [string, Buffer])[] = [
  ['SSL 3', Buffer.from('160300002d010000290300' + '00'.repeat(32) + '000002000a0100', 'hex')],
  ['SSL 2', Buffer.from('802e0100020015000000100700c0030080', 'hex')],
  ['a record that is too long', Buffer.from(`160301ffff${'00'.repeat(100)}`, 'hex')],
  ['an alert', Buffer.from('15030300020228', 'hex')],
  ['nothing but zeros', Buffer.alloc(4_096)],
  ['HTTP', Buffer.from('GET /api/v1/pool HTTP/1.1\r\nHost: x\r\n\r\n')],
];

test(
  'who speaks no TLS, or stalls after any flight of it, is let go by every listener, and told nothing',
  { skip },
  async () => {
    const hello = await clientHello();
    const flights = [0, 1, 5, 6, 40, hello.length - 1, hello.length];
    // etcd waits for who stalls: its ports are for the pool's servers alone (docs/etcd.md).
    const stalls = urls().flatMap((url) =>
      flights.map((sent) => saidTo(netConnect(dialled(url)), hello.subarray(0, sent))),
    );
    const strange = listeners().flatMap((listener) =>
      noTls.map(async ([what, bytes]) => {
        const said = await saidTo(netConnect(dialled(listener)), bytes);
        // Go says in words that this is a TLS port.
        const told = said.replace(
          /^HTTP\/1\.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server\.\n$/,
          '',
        );
        assert.ok(!told.includes('HTTP/'), `${what} at ${listener}: ${told}`);
      }),
    );
    await Promise.all([...stalls, ...strange]);
  },
);

async function saidTo(socket: Socket, bytes: Buffer): Promise<string> {
  const ended = new Promise((resolve) => socket.once('close', resolve));
  let said = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => (said += chunk.toString('latin1')));
  socket.write(bytes);
  const isOver = await Promise.race([ended.then(() => true), pause(20_000, false, { ref: false })]);
  socket.destroy();
  assert.ok(isOver, `the connection to port ${socket.remotePort} stays open`);
  return said;
}

/** What a TLS 1.3 client says first. */
async function clientHello(): Promise<Buffer> {
  const said = Promise.withResolvers<Buffer>();
  const server = createServer((socket) => socket.once('data', (chunk: Buffer) => said.resolve(chunk)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert(address !== null && typeof address === 'object');
  const client = tlsConnect({ host: '127.0.0.1', port: address.port, minVersion: 'TLSv1.3' });
  client.on('error', () => undefined);
  const hello = await said.promise;
  client.destroy();
  server.close();
  return hello;
}

test('no session is resumed at any listener of ours, nor at another', { skip }, async () => {
  const mine = await enrolled.pool.credentials(await enrol('agent'));
  const options = { rejectUnauthorized: false, key: mine.keyPem, cert: mine.certificatePem };
  const sessions: Buffer[] = [];
  for (const url of urls()) {
    const socket = tlsConnect({ ...dialled(url), ...options });
    socket.on('session', (session: Buffer) => sessions.push(session));
    await once(socket, 'secureConnect');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
  }
  for (const url of urls())
    for (const session of sessions) {
      const again = tlsConnect({ ...dialled(url), ...options, session });
      await once(again, 'secureConnect');
      assert.equal(again.isSessionReused(), false);
      again.destroy();
    }
});

test('whatever is secret on the disk of a server that runs is for its owner alone', { skip }, () => {
  const open: string[] = [];
  const look = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const place = path.join(folder, entry.name);
      if (entry.isDirectory()) look(place);
      const { mode } = statSync(place);
      if ((mode & 0o077) !== 0) open.push(`${place} ${(mode & 0o777).toString(8)}`);
    }
  };
  look(path.join(pool.folder, 'server-1'));
  assert.deepEqual(
    open.filter((one) => !/etcd\/data\/member\/(?:wal|snap)\/?/.test(one)),
    [],
  );
});
