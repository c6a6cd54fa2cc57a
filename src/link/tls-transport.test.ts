import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { sleep } from '../runtime/timing.ts';
import { nodeTimers } from '../runtime/node/clock.ts';
import { nodeNetwork } from '../runtime/node/network.ts';
import { silentLog } from '../runtime/node/log.ts';
import type { Credentials, Listener, Transport } from '../runtime/network.ts';
import { TestPool } from '../security/test-pool.ts';
import { TestRelay } from './testing/relay.ts';
import {
  contractMessageBytesMax,
  transportContract,
  type TransportPair,
} from './testing/transport-contract.ts';

const wait = (ms: number): Promise<void> => sleep(nodeTimers, ms);
const network = nodeNetwork(silentLog);
const messageBytesMax = contractMessageBytesMax;
const relays: TestRelay[] = [];
let pool: TestPool;
let agent: Credentials;
let listener: Listener;
let accept: (transport: Transport) => void;

before(async () => {
  pool = await TestPool.make();
  agent = await pool.credentials(pool.identity('agent'));
  listener = await network.listen({
    host: '127.0.0.1',
    port: 0,
    credentials: await pool.credentials(pool.identity('server')),
    pool: pool.id,
    messageBytesMax,
    onTransport: (transport) => accept(transport),
  });
});
after(async () => {
  for (const relay of relays) relay.close();
  await listener.close();
});

async function openPair(): Promise<TransportPair> {
  const relay = await TestRelay.open(listener.port);
  relays.push(relay);
  const accepted = new Promise<Transport>((resolve) => (accept = resolve));
  const url = `https://127.0.0.1:${relay.port}`;
  const options = { url, credentials: agent, pool: pool.id, timeoutMs: 5_000, messageBytesMax };
  const dialer = await network.connect(options);
  return { dialer, acceptor: await accepted, setDeaf: (deaf) => relay.setDeaf(deaf), wait };
}

transportContract('over TLS', openPair);

test('over TLS: what comes before the handlers are set is held for them', async () => {
  const { dialer, acceptor } = await openPair();
  dialer.send(Buffer.from('early'));
  await wait(50);
  const [message] = await new Promise<Uint8Array[]>((resolve) =>
    acceptor.onMessage((bytes) => resolve([bytes])),
  );
  assert.equal(Buffer.from(message ?? []).toString(), 'early');
  dialer.terminate();
  await wait(50);
  assert.equal(await new Promise((resolve) => acceptor.onClose(resolve)), 'the connection was lost');
});

/** A client that speaks the WebSocket's bytes itself and so may say what our own never would. */
async function rawWebSocket(): Promise<{ socket: TLSSocket; closed: Promise<string> }> {
  const { promise: closed, resolve } = Promise.withResolvers<string>();
  accept = (transport) => {
    transport.onClose(resolve);
    transport.onMessage(() => assert.fail('a message was handed on'));
  };
  const socket = tlsConnect({
    host: '127.0.0.1',
    port: listener.port,
    ca: [pool.authority.certificatePem],
    cert: agent.certificatePem,
    key: agent.keyPem,
    checkServerIdentity: () => undefined,
  });
  socket.on('error', () => undefined);
  socket.write(
    'GET /link HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1.1 101 /);
  socket.resume();
  return { socket, closed };
}

const zeroMask = [0, 0, 0, 0];
const badBytes: readonly [string, RegExp, number[]][] = [
  ['a text message', /text message/, [0x81, 0x82, ...zeroMask, 0x68, 0x69]],
  ['an announced size beyond the limit', /payload/i, [0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, ...zeroMask]],
  ['an unmasked frame', /MASK/, [0x82, 0x01, 0x00]],
  ['a reserved opcode', /opcode/, [0x83, 0x80, ...zeroMask]],
  ['a compressed frame', /RSV1/, [0xc2, 0x80, ...zeroMask]],
  ['a continuation of nothing', /opcode 0/, [0x80, 0x80, ...zeroMask]],
];
for (const [what, why, bytes] of badBytes)
  test(`over TLS: ${what} closes the connection`, { timeout: 10_000 }, async () => {
    const { socket, closed } = await rawWebSocket();
    socket.write(Buffer.from(bytes));
    assert.match(await closed, why);
    socket.destroy();
  });

test('over TLS: pings of the WebSocket itself are not answered', { timeout: 10_000 }, async () => {
  const { socket } = await rawWebSocket();
  let answeredBytes = 0;
  socket.on('data', (chunk: Buffer) => (answeredBytes += chunk.length));
  for (let i = 0; i < 100; i++) socket.write(Buffer.from([0x89, 0x80, ...zeroMask]));
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(answeredBytes, 0);
  socket.destroy();
});
