import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as netConnect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as tlsConnect, type ConnectionOptions } from 'node:tls';
import { identityUri, type Identity } from '../model/identity.ts';
import { codeOf, textOf } from '../model/errors.ts';
import type { CertificateRecord, Revocation } from '../model/trust.ts';
import { nodeClock } from '../runtime/node/clock.ts';
import { silentLog } from '../runtime/node/log.ts';
import { nodeNetwork } from '../runtime/node/network.ts';
import { peerIdentity } from '../runtime/node/network/peer-identity.ts';
import { nodeRandom } from '../runtime/node/random.ts';
import type { Credentials, Listener } from '../runtime/network.ts';
import { whyRefused } from './admission.ts';
import { makeAuthority } from './authority.ts';
import { recordOf } from './certificate-record.ts';
import { issueInterface } from './interface-identity.ts';
import { publicKeyOf } from './key-pair.ts';
import { TestPool } from './test-pool.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const messageBytesMax = 1_000_000;
/** Long enough for the honest on a busy machine. */
const handshakeTimeoutMs = 3_000;
const nowMs = nodeClock.wallMs();
const network = nodeNetwork(silentLog);
const pool = await TestPool.make();
const stranger = await TestPool.make();
/** The pool's next authority: believed beside the first by those listeners that came after it. */
const nextAuthority = await makeAuthority('test', { clock: nodeClock, random: nodeRandom });
const revocations = new Map<string, Revocation>();
const records = new Map<string, CertificateRecord>();

interface Door {
  readonly name: string;
  readonly listener: Listener;
  readonly url: string;
  readonly believes: 'the first authority' | 'both';
}
const doors: Door[] = [];

async function open(name: string, host: string, credentials: Credentials): Promise<Door> {
  const remembered = {
    revocation: (coreId: string) => revocations.get(coreId) ?? null,
    record: (coreId: string) => records.get(coreId) ?? null,
  };
  const listener = await nodeNetwork(silentLog, { handshakeTimeoutMs }).listen({
    host,
    port: 0,
    credentials,
    pool: pool.id,
    messageBytesMax,
    onTransport: (transport) => transport.onMessage(() => undefined),
    onRequest: (request, response) => response.end(JSON.stringify({ peer: peerIdentity(request, pool.id) })),
    whyRefused: (peer, certificate) =>
      whyRefused(peer, certificate, remembered, nodeClock.wallMs())?.message ?? null,
  });
  const url = `https://${host}:${listener.port}`;
  const believes = credentials.authorityPems.length > 1 ? 'both' : 'the first authority';
  return { name, listener, url, believes };
}

before(async () => {
  const server = await pool.credentials(pool.identity('server'));
  const renewed = await pool.credentials(pool.identity('server'));
  doors.push(await open("a server's own port", '127.0.0.1', server));
  const role = 'virtual-interface/front';
  const front = await issueInterface(
    pool.authority,
    { pool: pool.id, role, host: '127.0.0.2' },
    [pool.authority.certificatePem],
    { clock: nodeClock, random: nodeRandom },
  );
  doors.push(await open('a virtual interface', '127.0.0.2', front));
  const third = await open('a port whose certificate was renewed', '127.0.0.1', server);
  third.listener.replaceCredentials(renewed);
  doors.push(third);
  const both = [pool.authority.certificatePem, nextAuthority.certificatePem];
  doors.push(
    await open('a port that believes two authorities', '127.0.0.1', { ...server, authorityPems: both }),
  );
});
after(() => Promise.all(doors.map(({ listener }) => listener.close())));

const agent = pool.identity('agent');
const uri = identityUri(agent);
const believing = (credentials: Credentials): Credentials => ({
  ...credentials,
  authorityPems: [pool.authority.certificatePem],
});
const odd = (draft: Parameters<TestPool['oddCredentials']>[0], signer = pool.authority) =>
  pool.oddCredentials({ uris: [uri], ...draft }, signer).then(believing);

async function signedByAgent(withChain: boolean): Promise<Credentials> {
  const middle = await pool.credentials(pool.identity('agent'));
  const leaf = await odd({}, middle);
  return withChain ? { ...leaf, certificatePem: leaf.certificatePem + middle.certificatePem } : leaf;
}

async function revoked(): Promise<Credentials> {
  const identity = pool.identity('agent');
  const { coreId, kind } = identity;
  revocations.set(coreId, {
    coreId,
    kind,
    name: 'x',
    atMs: 1,
    by: 'x',
    because: 'test',
    forgetMs: nowMs * 2,
  });
  return pool.credentials(identity);
}

/** An agent that has renewed: its new certificate, and its old one with so much of the overlap left. */
async function exchanged(leftMs: number): Promise<{ old: Credentials; next: Credentials }> {
  const identity: Identity = pool.identity('agent');
  const old = await pool.credentials(identity, nowMs - dayMs);
  const next = await pool.credentials(identity, nowMs);
  const describe = ({ keyPem }: Credentials, atMs: number, before: CertificateRecord | null) =>
    recordOf(
      {
        identity,
        name: 'x',
        publicKeyPem: publicKeyOf(keyPem),
        authorityPem: pool.authority.certificatePem,
        as: { nowMs: atMs, serial: nodeRandom.bytes(16) },
      },
      before,
    );
  const record = describe(next, nowMs, describe(old, nowMs - dayMs, null));
  const previous = record.previous && { ...record.previous, untilMs: nowMs + leftMs };
  records.set(identity.coreId, { ...record, previous });
  return { old, next };
}

type Expected = 'served' | 'nobody' | 'refused' | 'cut' | 'served by both only';
/** `nobody`: the connection is there, as anybody's who shows no certificate; the link is closed to it. */
const cases: readonly [string, Expected, () => Promise<Credentials | null>][] = [
  ['of an agent', 'served', () => pool.credentials(agent)],
  ['of a server', 'served', () => pool.credentials(pool.identity('server'))],
  ['of a person', 'served', () => pool.credentials(pool.identity('user'))],
  [
    'of an agent whose server was a day ahead',
    'served',
    () => pool.credentials(agent, nowMs + dayMs - hourMs),
  ],
  ['of an agent whose server was a day behind', 'served', () => pool.credentials(agent, nowMs - dayMs)],
  ['with two common names and one URI', 'served', () => odd({ commonName: 'agent1, CN=admin' })],
  [
    'with host names beside the URI',
    'served',
    () => odd({ dnsNames: ['a.example'], ipAddresses: ['10.0.0.1'] }),
  ],
  ['that was renewed', 'served', async () => (await exchanged(-1)).next],
  ['before the renewal, in the overlap', 'served', async () => (await exchanged(hourMs)).old],
  ['before the renewal, later', 'refused', async () => (await exchanged(-1)).old],
  ['of who was revoked', 'refused', revoked],
  ['by the next authority', 'served by both only', () => odd({}, nextAuthority)],
  ['that is missing', 'nobody', () => Promise.resolve(null)],
  [
    'signed by itself',
    'nobody',
    () => Promise.resolve(believing({ ...stranger.authority, authorityPems: [] })),
  ],
  ['of an authority of the same name', 'nobody', async () => believing(await stranger.credentials(agent))],
  ['that has expired', 'nobody', () => pool.credentials(agent, nowMs - 8 * dayMs)],
  ['that expired a second ago', 'nobody', () => odd({ notAfterMs: nowMs - 1_000 })],
  ['that is not valid yet', 'nobody', () => odd({ notBeforeMs: nowMs + hourMs })],
  ['for servers only', 'nobody', () => odd({ usages: ['server'] })],
  ['without a URI', 'nobody', () => odd({ uris: [], commonName: uri })],
  ['with two URIs', 'nobody', () => odd({ uris: [uri, identityUri(pool.identity('server'))] })],
  ['with the same URI twice', 'nobody', () => odd({ uris: [uri, uri] })],
  ['with a foreign URI beside ours', 'nobody', () => odd({ uris: [uri, 'https://a.example/'] })],
  ['with a NUL in the URI', 'nobody', () => odd({ uris: [`${uri}\0.example`] })],
  ['with a wildcard', 'nobody', () => odd({ uris: [`watchkeeper://${pool.id}/agent/*`] })],
  ['with a kind that is none', 'nobody', () => odd({ uris: [uri.replace('agent', 'root')] })],
  [
    'with a core ID in capitals',
    'nobody',
    () => odd({ uris: [uri.slice(0, 50) + uri.slice(50).toUpperCase()] }),
  ],
  ['with something behind the core ID', 'nobody', () => odd({ uris: [`${uri}/`] })],
  ['with a query behind the core ID', 'nobody', () => odd({ uris: [`${uri}?kind=server`] })],
  ['with a user in the URI', 'nobody', () => odd({ uris: [uri.replace('://', '://x@')] })],
  ['with another scheme', 'nobody', () => odd({ uris: [uri.replace('watchkeeper', 'spiffe')] })],
  ['with our URI as a host name', 'nobody', () => odd({ uris: [], dnsNames: [`URI:${uri}`] })],
  ['with our URI inside of a host name', 'nobody', () => odd({ uris: [], dnsNames: [`a, URI:${uri}`] })],
  ['of another pool', 'nobody', () => odd({ uris: [identityUri(stranger.identity('agent'))] })],
  ['signed by an agent, with the chain', 'nobody', () => signedByAgent(true)],
  ['signed by an agent, without the chain', 'nobody', () => signedByAgent(false)],
];

/** What becomes of a peer over HTTP and on the link, which have to agree. */
async function outcome({ url }: Door, credentials: Credentials | null): Promise<Expected> {
  const trust = { authorityPems: [pool.authority.certificatePem] };
  const call = { url: `${url}/x`, method: 'GET', timeoutMs: 5_000, trust };
  const answer = await network
    .call(credentials ? { ...call, credentials } : call)
    .catch((error: unknown) => ({ status: 0, body: textOf(error) }));
  const isOnLink =
    credentials !== null &&
    (await network.connect({ url, credentials, pool: pool.id, timeoutMs: 5_000, messageBytesMax }).then(
      (transport) => {
        transport.terminate();
        return true;
      },
      (error: unknown) => {
        assert.equal(codeOf(error), 'WK_UNAUTHENTICATED', textOf(error));
        return false;
      },
    ));
  const isKnown = answer.status === 200 && !answer.body.includes('"peer":null');
  assert.equal(isOnLink, isKnown, `HTTP says ${answer.status} ${answer.body}, the link ${isOnLink}`);
  if (isKnown) return 'served';
  return answer.status === 200 ? 'nobody' : answer.status === 403 ? 'refused' : 'cut';
}

for (const [what, expected, make] of cases)
  test(`a certificate ${what}: ${expected} on every listener`, async () => {
    const credentials = await make();
    for (const door of doors) {
      const wanted =
        expected === 'served by both only' ? (door.believes === 'both' ? 'served' : 'nobody') : expected;
      assert.equal(await outcome(door, credentials), wanted, door.name);
    }
  });

const oldProtocols: readonly [string, ConnectionOptions][] = [
  ['TLS 1.2', { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }],
  ['TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }],
  ['TLS 1.0', { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }],
];
for (const [name, options] of oldProtocols)
  test(`${name} is spoken by no listener`, async () => {
    for (const { url, name: where } of doors) {
      const { hostname: host, port } = new URL(url);
      const socket = tlsConnect({ host, port: Number(port), rejectUnauthorized: false, ...options });
      await assert.rejects(once(socket, 'secureConnect'), where);
      socket.destroy();
    }
  });

async function closes(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  socket.resume();
  await Promise.race([
    once(socket, 'close'),
    pause(30_000, undefined, { ref: false }).then(() => assert.fail('the connection stays open')),
  ]);
}

const sslV3 = Buffer.from('160300002d010000290300' + '00'.repeat(32) + '000002000a0100', 'hex');
const strange: readonly [string, Buffer][] = [
  ['plain HTTP', Buffer.from('GET /link HTTP/1.1\r\nHost: x\r\n\r\n')],
  ['SSL 3', sslV3],
  ['SSL 2', Buffer.from('802e0100020015000000100700c0030080', 'hex')],
  ['a record that is too long', Buffer.from(`160301ffff${'00'.repeat(100)}`, 'hex')],
  ['an alert', Buffer.from('15030300020228', 'hex')],
  ['nothing but zeros', Buffer.alloc(4_096)],
  ['the end of a record and no more', Buffer.from('1603', 'hex')],
];
for (const [what, bytes] of strange)
  test(`who says ${what} is let go by every listener`, async () => {
    for (const { url } of doors) {
      const { hostname: host, port } = new URL(url);
      const socket = netConnect(Number(port), host);
      socket.write(bytes);
      await closes(socket);
    }
    for (const door of doors) assert.equal(await outcome(door, null), 'nobody');
  });

test('a handshake that stalls after any of its flights is dropped in time by every listener', async () => {
  const hello = await clientHello();
  await Promise.all(
    doors.flatMap(({ url }) =>
      [0, 1, 5, 6, 40, hello.length - 1, hello.length].map(async (sent) => {
        const { hostname: host, port } = new URL(url);
        const socket = netConnect(Number(port), host);
        if (sent > 0) socket.write(hello.subarray(0, sent));
        await closes(socket);
      }),
    ),
  );
});

/** What a TLS 1.3 client says first. */
async function clientHello(): Promise<Buffer> {
  const { createServer } = await import('node:net');
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

test('a session can be resumed at no listener, neither its own nor another', async () => {
  const { keyPem: key, certificatePem: cert } = await pool.credentials(agent);
  const at = (url: string): ConnectionOptions => {
    const { hostname: host, port } = new URL(url);
    return { host, port: Number(port), key, cert, rejectUnauthorized: false };
  };
  const sessions: Buffer[] = [];
  for (const { url } of doors) {
    const socket = tlsConnect(at(url));
    socket.on('session', (session: Buffer) => sessions.push(session));
    await once(socket, 'secureConnect');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await closes(socket);
  }
  for (const { url } of doors)
    for (const session of sessions) {
      const again = tlsConnect({ ...at(url), session });
      await once(again, 'secureConnect');
      assert.equal(again.isSessionReused(), false);
      again.destroy();
    }
});
