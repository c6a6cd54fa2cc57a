import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { TestPool } from '../../../security/test-pool.ts';
import type { Credentials, Listener } from '../../network.ts';
import { silentLog } from '../log.ts';
import { nodeNetwork } from '../network.ts';

const pool = await TestPool.make();
const answerHeaders = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'x-ours': 'yes' };
const agent = pool.identity('agent');
const revoked = pool.identity('agent');
let listener: Listener;

before(async () => {
  listener = await nodeNetwork(silentLog, { headersTimeoutMs: 500, headerBytesMax: 4_096 }).listen({
    host: '127.0.0.1',
    port: 0,
    credentials: await pool.credentials(pool.identity('server')),
    pool: pool.id,
    messageBytesMax: 100_000,
    answerHeaders,
    onTransport: (transport) => transport.onMessage(() => undefined),
    whyRefused: ({ coreId }) => (coreId === revoked.coreId ? 'it was revoked' : null),
  });
});
after(() => listener.close());

async function dial(credentials?: Credentials): Promise<TLSSocket> {
  const own = credentials && { cert: credentials.certificatePem, key: credentials.keyPem };
  const socket = tlsConnect({ port: listener.port, host: '127.0.0.1', rejectUnauthorized: false, ...own });
  await once(socket, 'secureConnect');
  return socket;
}

/** Everything that is answered until the connection ends. */
async function answerTo(bytes: string, credentials?: Credentials): Promise<string> {
  const socket = await dial(credentials);
  socket.write(bytes);
  let said = '';
  for await (const chunk of socket) said += String(chunk);
  return said;
}

const upgrade = (path: string, rest: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${rest}\r\n`;

const cases: readonly [string, number, string, ('agent' | 'revoked')?][] = [
  ['what is no request', 400, 'hello there\r\n\r\n'],
  ['a header that is none', 400, 'GET / HTTP/1.1\r\nHost: x\r\nbad\0name: 1\r\n\r\n'],
  [
    'two lengths of one body',
    400,
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  ],
  ['headers that are too long', 431, `GET / HTTP/1.1\r\nHost: x\r\nLong: ${'x'.repeat(9_000)}\r\n\r\n`],
  ['headers that never end', 408, 'GET / HTTP/1.1\r\nHost: '],
  ['a request without a host', 400, 'GET / HTTP/1.1\r\n\r\n'],
  ['an expectation that nobody knows', 417, 'POST / HTTP/1.1\r\nHost: x\r\nExpect: a-wonder\r\n\r\n'],
  ['what nobody serves', 404, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['the link without a certificate', 401, upgrade('/link', '')],
  ['an upgrade elsewhere', 404, upgrade('/events', '')],
  ['a link that is no WebSocket', 400, upgrade('/link', 'Sec-WebSocket-Version: 1\r\n'), 'agent'],
  ['a request of who was revoked', 403, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'revoked'],
  ['the link to who was revoked', 401, upgrade('/link', ''), 'revoked'],
];
for (const [what, status, bytes, who] of cases)
  test(`the answer to ${what} has our headers, and is the last on its connection`, async () => {
    const credentials = who && (await pool.credentials(who === 'agent' ? agent : revoked));
    const said = await answerTo(bytes, credentials);
    const [head = ''] = said.split('\r\n\r\n');
    assert.match(head, new RegExp(`^HTTP/1.1 ${status} `), said);
    for (const [name, value] of [...Object.entries(answerHeaders), ['connection', 'close']])
      assert(head.toLowerCase().split('\r\n').includes(`${name}: ${value}`), `${name} is missing in ${said}`);
    assert.equal(said.match(/HTTP\/1\.1 /g)?.length, 1, said);
  });
