import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect as netConnect } from 'node:net';
import { after, before, test } from 'node:test';
import { connect as tlsConnect, type ConnectionOptions } from 'node:tls';
import { identityUri } from '../model/identity.ts';
import { nodeNetwork } from '../runtime/node/network.ts';
import { nodeClock } from '../runtime/node/clock.ts';
import { peerIdentity } from '../runtime/node/network/peer-identity.ts';
import { silentLog } from '../runtime/node/log.ts';
import type { Credentials, Listener, Transport } from '../runtime/network.ts';
import { fingerprintOf } from './certificate-info.ts';
import { TestPool } from './test-pool.ts';

const network = nodeNetwork(silentLog);
const messageBytesMax = 1_000_000;
let pool: TestPool;
let stranger: TestPool;
let server: Credentials;
let listener: Listener;
let url: string;
let lastTransport: Promise<Transport>;
let onTransport: (transport: Transport) => void;

function expectTransport(): void {
  const { promise, resolve } = Promise.withResolvers<Transport>();
  lastTransport = promise;
  onTransport = resolve;
}

function serve(credentials: Credentials): Promise<Listener> {
  return network.listen({
    host: '127.0.0.1',
    port: 0,
    credentials,
    pool: pool.id,
    messageBytesMax,
    onTransport: (transport) => onTransport(transport),
    onRequest: (request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ peer: peerIdentity(request, pool.id), path: request.url }));
    },
  });
}

function dial(credentials: Credentials, to = url): Promise<Transport> {
  return network.connect({ url: to, credentials, pool: pool.id, timeoutMs: 3_000, messageBytesMax });
}

/** The certificate is ours but the authorities believed are those of the pool. */
function believing(credentials: Credentials): Credentials {
  return { ...credentials, authorityPems: [pool.authority.certificatePem] };
}

before(async () => {
  [pool, stranger] = await Promise.all([TestPool.make(), TestPool.make()]);
  server = await pool.credentials(pool.identity('server'));
  listener = await serve(server);
  url = `https://127.0.0.1:${listener.port}`;
});
after(() => listener.close());

test('both ends know each other by the name in the certificate', async () => {
  expectTransport();
  const identity = pool.identity('agent');
  const client = await dial(await pool.credentials(identity));
  const accepted = await lastTransport;
  assert.deepEqual(accepted.peer, identity);
  assert.equal(client.peer.kind, 'server');
  assert.equal(client.peer.pool, pool.id);
  client.close('done');
});

const hourMs = 3_600_000;
const refusedClients: readonly [string, RegExp, () => Promise<Credentials>][] = [
  [
    'of an authority that calls itself the same',
    /not accepted \((UNABLE_TO|CERT_SIGNATURE|DEPTH|SELF)/,
    async () => believing(await stranger.credentials(pool.identity('agent'))),
  ],
  [
    'signed by itself',
    /not accepted/,
    async () => {
      const { keyPem, certificatePem } = stranger.authority;
      return { keyPem, certificatePem, authorityPems: [pool.authority.certificatePem] };
    },
  ],
  [
    'that has expired',
    /CERT_HAS_EXPIRED/,
    () => odd({ notBeforeMs: nodeClock.wallMs() - 2 * hourMs, notAfterMs: nodeClock.wallMs() - hourMs }),
  ],
  [
    'that is not valid yet',
    /CERT_NOT_YET_VALID/,
    () => odd({ notBeforeMs: nodeClock.wallMs() + hourMs, notAfterMs: nodeClock.wallMs() + 2 * hourMs }),
  ],
  ['that may not be used by clients', /not accepted \(INVALID_PURPOSE\)/, () => odd({ usages: ['server'] })],
  ['without a URI name', /0 URI names/, () => odd({ uris: [], dnsNames: ['agent'] })],
  [
    'with two URI names',
    /2 URI names/,
    () => odd({ uris: [identityUri(pool.identity('agent')), identityUri(pool.identity('server'))] }),
  ],
  ['with a foreign URI name', /not one of Watchkeeper/, () => odd({ uris: ['spiffe://elsewhere/agent'] })],
  [
    'with our name inside of another kind of name',
    /0 URI names/,
    () => odd({ uris: [], dnsNames: [`a, URI:${identityUri(pool.identity('server'))}`] }),
  ],
  [
    'with something behind our name',
    /not one of Watchkeeper/,
    () => odd({ uris: [`${identityUri(pool.identity('agent'))}\u0000x`] }),
  ],
  ['of another pool', /another pool/, () => odd({ uris: [identityUri(stranger.identity('agent'))] })],
];

function odd(draft: Parameters<TestPool['oddCredentials']>[0]): Promise<Credentials> {
  return pool.oddCredentials({ uris: [identityUri(pool.identity('agent'))], ...draft });
}

for (const [what, because, make] of refusedClients)
  test(`a client certificate ${what} is refused, and the client is told why`, async () => {
    onTransport = () => assert.fail('the connection was accepted');
    const credentials = await make();
    await assert.rejects(dial(credentials), { code: 'WK_UNAUTHENTICATED', message: because });
    const answer = await request(credentials);
    assert.equal(answer.peer, null);
  });

function request(credentials?: Credentials): Promise<{ peer: unknown }> {
  const trust = { authorityPems: [pool.authority.certificatePem] };
  const options = { url: `${url}/x`, method: 'GET', timeoutMs: 3_000, trust };
  return network
    .call(credentials ? { ...options, credentials } : options)
    .then((answer) => JSON.parse(answer.body) as { peer: unknown });
}

test('over HTTP a valid client certificate is an identity, and none is none', async () => {
  const identity = pool.identity('user');
  assert.deepEqual((await request(await pool.credentials(identity))).peer, identity);
  assert.equal((await request()).peer, null);
});

test('a server is refused that shows the certificate of an agent, of another pool, or none of ours', async () => {
  const client = await pool.credentials(pool.identity('agent'));
  const impostors: [RegExp, Credentials][] = [
    [/not one of a server|INVALID_PURPOSE/, await pool.credentials(pool.identity('agent'))],
    [/one of a agent|one of an agent/, await odd({ usages: ['server', 'client'] })],
    [/authority of another pool|not signed by/, await stranger.credentials(stranger.identity('server'))],
    [/another pool/, await odd({ uris: [identityUri(stranger.identity('server'))] })],
    [/2 URI names/, await odd({ uris: [identityUri(pool.identity('server')), 'x://y'] })],
    [/expired/, await odd({ notAfterMs: nodeClock.wallMs() - 1_000 })],
  ];
  for (const [because, credentials] of impostors) {
    const impostor = await serve(credentials);
    const where = `https://127.0.0.1:${impostor.port}`;
    await assert.rejects(dial(client, where), { code: 'WK_UNAUTHENTICATED', message: because });
    await impostor.close();
  }
});

test('the fingerprint of a join token is enough to trust a server, and no other fingerprint is', async () => {
  const options = { url: `${url}/x`, method: 'POST', body: 'secret', timeoutMs: 3_000 };
  const right = fingerprintOf(pool.authority.certificatePem);
  const answer = await network.call({ ...options, trust: { authorityFingerprint: right } });
  assert.equal(answer.status, 200);
  const wrong = fingerprintOf(stranger.authority.certificatePem);
  await assert.rejects(network.call({ ...options, trust: { authorityFingerprint: wrong } }), {
    code: 'WK_UNAUTHENTICATED',
    message: /does not belong to the pool/,
  });
  const impostor = await serve({
    ...(await stranger.credentials(stranger.identity('server'))),
    authorityPems: [stranger.authority.certificatePem, pool.authority.certificatePem],
  });
  const elsewhere = { ...options, url: `https://127.0.0.1:${impostor.port}/x` };
  await assert.rejects(network.call({ ...elsewhere, trust: { authorityFingerprint: right } }), {
    code: 'WK_UNAUTHENTICATED',
  });
  await impostor.close();
});

test('TLS 1.2 is refused, TLS 1.3 is not', async () => {
  const ca = [pool.authority.certificatePem];
  const base: ConnectionOptions = {
    host: '127.0.0.1',
    port: listener.port,
    ca,
    checkServerIdentity: () => undefined,
  };
  const old = tlsConnect({ ...base, maxVersion: 'TLSv1.2' });
  await assert.rejects(once(old, 'secureConnect'), { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
  const current = tlsConnect(base);
  await once(current, 'secureConnect');
  assert.equal(current.getProtocol(), 'TLSv1.3');
  current.destroy();
});

test('no session can be resumed', async () => {
  const socket = tlsConnect({
    host: '127.0.0.1',
    port: listener.port,
    ca: [pool.authority.certificatePem],
    checkServerIdentity: () => undefined,
  });
  const sessions: Buffer[] = [];
  socket.on('session', (session: Buffer) => sessions.push(session));
  await once(socket, 'secureConnect');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  socket.resume();
  await once(socket, 'close');
  for (const session of sessions) {
    const again = tlsConnect({
      host: '127.0.0.1',
      port: listener.port,
      ca: [pool.authority.certificatePem],
      checkServerIdentity: () => undefined,
      session,
    });
    await once(again, 'secureConnect');
    assert.equal(again.isSessionReused(), false);
    again.destroy();
  }
});

test('what is not TLS, and what goes wrong inside of it, ends that connection and nothing else', async () => {
  for (const bytes of [Buffer.from('GET /link HTTP/1.1\r\n\r\n'), Buffer.alloc(70_000, 0xff)]) {
    const socket = netConnect(listener.port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined);
    socket.write(bytes);
    socket.resume();
    await closed;
  }
  assert.equal((await request()).peer, null);
});

test('a handshake that stalls is dropped after its time, whatever was sent of it', async () => {
  const impatient = await nodeNetwork(silentLog, { handshakeTimeoutMs: 150 }).listen({
    host: '127.0.0.1',
    port: 0,
    credentials: server,
    pool: pool.id,
    messageBytesMax,
    onTransport,
  });
  const hello = Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]);
  for (let sent = 0; sent <= hello.length; sent += 5) {
    const socket = netConnect(impatient.port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined);
    socket.write(hello.subarray(0, sent));
    socket.resume();
    await closed;
  }
  await impatient.close();
});

test('an upgrade elsewhere than on the link, and one of something else, are answered', async () => {
  for (const [path, upgrade, status] of [
    ['/other', 'websocket', '404'],
    ['/link', 'websocket', '401'],
    ['/link', 'h2c', '401'],
  ] as const) {
    const socket = tlsConnect({
      host: '127.0.0.1',
      port: listener.port,
      ca: [pool.authority.certificatePem],
      checkServerIdentity: () => undefined,
    });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(answer.toString(), new RegExp(`^HTTP/1.1 ${status} `));
    socket.resume();
    await once(socket, 'close');
  }
});

test('a server that accepts and then says nothing costs the time-out and not more', async () => {
  const { createServer } = await import('node:net');
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  assert(address !== null && typeof address === 'object');
  const where = `https://127.0.0.1:${address.port}`;
  const credentials = await pool.credentials(pool.identity('agent'));
  const options = { url: where, credentials, pool: pool.id, timeoutMs: 200, messageBytesMax };
  await assert.rejects(network.connect(options), { code: 'WK_TIMEOUT' });
  const trusts = [{ authorityPems: credentials.authorityPems }, { authorityFingerprint: '00' }];
  for (const trust of trusts)
    await assert.rejects(network.call({ url: where, method: 'GET', timeoutMs: 200, trust }), {
      code: 'WK_TIMEOUT',
    });
  const controller = new AbortController();
  const aborted = network.connect({ ...options, timeoutMs: 5_000, signal: controller.signal });
  controller.abort();
  await assert.rejects(aborted, { code: 'WK_UNREACHABLE', message: /stopped/ });
  silent.close();
});

test('a port in use is said by its name, and a port where nobody listens too', async () => {
  const taken = {
    host: '127.0.0.1',
    port: listener.port,
    credentials: server,
    pool: pool.id,
    messageBytesMax,
  };
  await assert.rejects(network.listen({ ...taken, onTransport }), {
    code: 'WK_PORT_IN_USE',
    message: new RegExp(`127.0.0.1:${listener.port}`),
  });
  const closed = await serve(server);
  await closed.close();
  const credentials = await pool.credentials(pool.identity('agent'));
  await assert.rejects(dial(credentials, `https://127.0.0.1:${closed.port}`), {
    code: 'WK_UNREACHABLE',
    message: /nothing listens there/,
  });
});

test('new credentials serve new connections and leave the old ones alone', async () => {
  const own = await serve(server);
  expectTransport();
  const agent = await pool.credentials(pool.identity('agent'));
  const first = await dial(agent, `https://127.0.0.1:${own.port}`);
  const identity = pool.identity('server');
  own.replaceCredentials(await pool.credentials(identity));
  const second = await dial(agent, `https://127.0.0.1:${own.port}`);
  assert.deepEqual(second.peer, identity);
  let closed = false;
  first.onMessage(() => undefined);
  first.onClose(() => (closed = true));
  second.onMessage(() => undefined);
  assert.equal(closed, false);
  const gone = new Promise((resolve) => second.onClose(resolve));
  await own.close();
  await gone;
  assert.equal(closed, true);
});

test('lines of a stream arrive as they are sent, until the caller stops', async () => {
  const streaming = await network.listen({
    host: '127.0.0.1',
    port: 0,
    credentials: server,
    pool: pool.id,
    messageBytesMax,
    onTransport,
    onRequest: (_request: IncomingMessage, response) => {
      response.write('one\ntw');
      setTimeout(() => response.write('o\n'), 20);
    },
  });
  const controller = new AbortController();
  const trust = { authorityPems: [pool.authority.certificatePem] };
  const where = `https://127.0.0.1:${streaming.port}/`;
  const { status, lines } = await network.stream({
    url: where,
    method: 'GET',
    timeoutMs: 1_000,
    trust,
    signal: controller.signal,
  });
  assert.equal(status, 200);
  const seen: string[] = [];
  for await (const line of lines) {
    seen.push(line);
    if (seen.length === 2) controller.abort();
  }
  assert.deepEqual(seen, ['one', 'two']);
  await streaming.close();
});
