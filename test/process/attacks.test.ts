import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { zstdCompressSync } from 'node:zlib';
import { z } from 'zod';
import { fold } from '../../src/journal/body.ts';
import { decodeFrame, encodeFrame } from '../../src/link/frame.ts';
import { protocolMax, protocolMin } from '../../src/link/messages.ts';
import { certificateInfo } from '../../src/security/certificate-info.ts';
import { readAgentCredentials } from '../../src/security/identity-store.ts';
import { nodeFiles } from '../../src/runtime/node/files.ts';
import { silentLog } from '../../src/runtime/node/log.ts';
import { nodeNetwork } from '../../src/runtime/node/network.ts';
import type { Credentials } from '../../src/runtime/network.ts';
import { RealPool } from '../pool/real-pool.ts';
import { probeLoop } from './loop-probe.ts';

/** What nobody's input may exceed: how long it keeps a server from everybody else. */
const heldMsMax = 50;
const network = nodeNetwork(silentLog);
let pool: RealPool;
let poolId = '';
let agent: Credentials;
let node = '';

before(async () => {
  pool = await RealPool.start({ servers: 1 });
  const { data } = await pool.enrolAgent('web1');
  const [key = '', certificate = '', authorities = ''] = ['key', 'certificate', 'authorities'].map((file) =>
    path.join(data, `${file}.pem`),
  );
  agent = await readAgentCredentials(nodeFiles, { key, certificate, authorities });
  const { identity } = certificateInfo(agent.certificatePem);
  assert.ok(identity);
  poolId = identity.pool;
  node = identity.coreId;
});
after(() => pool[Symbol.asyncDispose]());

const server = () => pool.servers[0] ?? assert.fail();
/** The process that listens, not its keeper. */
const serverPid = (): number => server().process.pids.at(-1) ?? assert.fail();

/** For how long the server's loop was held while this was done to it; what is slow is slow each time. */
async function whileProbed(attack: () => Promise<void>): Promise<number> {
  const { heldMs: quietMs } = await probeLoop(server().api, serverPid(), later(500));
  // A slower machine is slower at everything.
  const limitMs = Math.max(heldMsMax, 4 * quietMs);
  let leastMs = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3 && leastMs > limitMs; attempt++) {
    const running = attack();
    const { heldMs } = await probeLoop(server().api, serverPid(), running);
    await running;
    leastMs = Math.min(leastMs, heldMs);
  }
  assert.ok(leastMs <= limitMs, `the server was held for ${leastMs} ms, ${quietMs} ms before`);
  return leastMs;
}

const later = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** Says hello as the agent, then these bytes; how the server ends it. */
async function say(bytes: Uint8Array): Promise<string> {
  const { url } = server();
  const transport = await network.connect({
    url,
    credentials: agent,
    pool: poolId,
    timeoutMs: 5_000,
    messageBytesMax: 1e6,
  });
  const ended = Promise.withResolvers<string>();
  transport.onClose((why) => ended.resolve(`closed ${why}`));
  transport.onMessage((frame) => {
    const { message } = decodeFrame(frame);
    if (message.type === 'welcome') transport.send(bytes);
    if (message.type === 'refused') ended.resolve(message.code);
  });
  transport.send(encodeFrame({ type: 'hello', protocolMin, protocolMax, name: 'web1', version: '0' }));
  const how = await ended.promise;
  transport.terminate();
  return how;
}

const header = (announced: number, json: string): Buffer => {
  const frame = Buffer.alloc(4 + json.length);
  frame.writeUInt32BE(announced);
  frame.write(json, 4);
  return frame;
};
const batchOf = (body: Uint8Array): Uint8Array => encodeFrame({ type: 'batch', batch: 1, count: 1 }, body);
const messages = (json: string): Uint8Array =>
  zstdCompressSync(`{"node":"${node}","nodeName":"web1","messages":${json}}`);
const many = 2_000_000;
const reports = (json: string): Uint8Array =>
  encodeFrame({ type: 'actionReports', batch: 1 }, Buffer.from(json));
const zeros = zstdCompressSync(Buffer.alloc(32 * 1_048_576));
const unfoldsToGigabytes = Buffer.concat(Array.from({ length: 64 }, () => zeros));

test('frames that announce, nest or unfold to far too much are refused at once, and hold nobody up', async (t) => {
  const bombs: readonly (readonly [string, Uint8Array, string])[] = [
    ['a header of 4 GB', header(0xffff_ffff, '{}'), 'WK_FRAME'],
    ['a header of 1 MB', header(1_000_000, ' '.repeat(1_000_000)), 'WK_FRAME'],
    ['a deep header', header(60_000, '['.repeat(60_000)), 'WK_FRAME'],
    ['a type of an object', header(22, '{"type":"__proto__"}  '), 'WK_FRAME'],
    ['gigabytes', batchOf(unfoldsToGigabytes), 'WK_TOO_LARGE'],
    ['deep', batchOf(zstdCompressSync('['.repeat(many) + ']'.repeat(many))), 'WK_TOO_LARGE'],
    ['a deep message', batchOf(messages(`[${'['.repeat(800_000)}${']'.repeat(800_000)}]`)), 'WK_TOO_LARGE'],
    ['empty lists', batchOf(messages(`[${'[],'.repeat(500_000)}[]]`)), 'WK_TOO_LARGE'],
    ['bad messages', batchOf(messages(`[${'{},'.repeat(4_999)}{}]`)), 'WK_BAD_REQUEST'],
    ['deep reports', reports('['.repeat(many)), 'WK_TOO_LARGE'],
    ['many reports', reports(`[${'0,'.repeat(many)}0]`), 'WK_TOO_LARGE'],
    ['what is not its own', batchOf(fold({ node: poolId, nodeName: 'db1', messages: [] })), 'WK_BAD_REQUEST'],
  ];
  const heldMs = await whileProbed(async () => {
    for (const [what, bytes, how] of bombs) {
      const said = await say(bytes);
      assert.ok(said.startsWith(how), `${what}: ${said}`);
    }
  });
  t.diagnostic(`the server was held for at most ${heldMs} ms`);
  assert.match(await say(Buffer.alloc(9 * 1_048_576)), /^closed/);
});

/** What came back, as it came; `as` shows the administrator's certificate. */
async function raw(request: string, as: string | null = pool.identityPem): Promise<string> {
  const { hostname: host, port } = new URL(server().url);
  const own = as === null ? {} : { cert: as, key: as };
  const socket = tlsConnect({ host, port: Number(port), rejectUnauthorized: false, ...own });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  socket.write(request);
  let said = '';
  const ended = new Promise((resolve) => socket.once('close', resolve));
  socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
  await ended;
  return said;
}

/** As a service token, with a body where there is one; without what differs in every answer. */
async function as(token: string, method: string, target: string, body?: unknown): Promise<string> {
  const more = `Authorization: Bearer ${token}\r\n`;
  const text = JSON.stringify(body);
  const request = body === undefined ? get(target, more).replace('GET', method) : post(target, text, more);
  const said = await raw(request, null);
  return `${statusOf(said)} ${said.slice(said.indexOf('\r\n\r\n') + 4)}`.replaceAll(/"hlc":\d+/g, '"hlc":0');
}

const get = (target: string, more = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${more}\r\n`;
const post = (target: string, body: string, more = ''): string =>
  `POST ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
const statusOf = (answer: string): string => answer.slice(9, 12);

test('paths that lead out, smuggled and spoiled requests, and bodies that are too much get nothing but a refusal', async (t) => {
  const secret = readFileSync(path.join(pool.folder, 'server-1/identity.pem'), 'utf8').slice(40, 80);
  const traversals = [
    '../../package.json',
    '..%2f..%2fpackage.json',
    '%2e%2e/%2e%2e/package.json',
    '..%5cx',
    '%00',
  ]
    .flatMap((out) => [`/assets/${out}`, `/api/v1/depot/${out}`, `/${out}`])
    .concat(['/assets//etc/passwd', `/api/v1/messages/${'a'.repeat(4_000)}`, '/api/v1/roles/__proto__']);
  const heldMs = await whileProbed(async () => {
    for (const target of traversals) {
      const answer = await raw(get(target));
      assert.match(statusOf(answer), /^4\d\d$/, `${target}: ${answer.slice(0, 200)}`);
      assert.ok(
        !answer.includes(secret) && !answer.includes('"devDependencies"') && !answer.includes('root:'),
      );
      assert.match(answer, /content-security-policy: /i, target);
    }
    const chunked = 'Transfer-Encoding: chunked\r\n';
    const spoiled: readonly (readonly [string, string])[] = [
      ['two lengths', post('/api/v1/operations', '{}', 'Content-Length: 7\r\n')],
      ['length and chunks', post('/api/v1/operations', '{}', chunked)],
      ['a bare line feed', 'GET / HTTP/1.1\nHost: x\n\n'],
      ['a header with NUL', get('/readyz', 'X-A: a\0b\r\n')],
      ['headers of 64 KB', get('/readyz', `X-A: ${'a'.repeat(65_536)}\r\n`)],
      ['a form', post('/api/v1/operations', 'kind=own', '').replace('application/json', 'text/plain')],
      ['a deep body', post('/api/v1/config', '['.repeat(100_000))],
      ['a large body', post('/api/v1/config', `"${'a'.repeat(300_000)}"`)],
      ['a prototype', post('/api/v1/operations', '{"__proto__":{"kind":"own"},"messages":[]}')],
      [
        'a constructor',
        post('/api/v1/users', '{"constructor":{"prototype":{"roles":[]}},"name":"x","roles":[]}'),
      ],
    ];
    for (const [what, request] of spoiled) assert.match(statusOf(await raw(request)), /^4\d\d$/, what);
  });
  t.diagnostic(`the server was held for at most ${heldMs} ms`);
  // What a request says never becomes a header of its answer.
  const echoed = await raw(get('/api/v1/x%0d%0aset-cookie:%20a=b', 'X-Request-Id: a\r\n'));
  assert.doesNotMatch(echoed, /\r\nset-cookie/i);
  assert.equal(statusOf(await raw(get('/readyz'))), '200');
});

test('patterns that somebody stores or asks for cost no more than their length', async (t) => {
  const stars = '*a*a*a';
  const name = 'a'.repeat(63);
  const source = (pattern: string) => ({
    source: {
      kind: 'log-file',
      name: 'odd',
      path: '/var/log/odd',
      conditions: [{ pattern, severity: 'minor', text: 'x' }],
    },
  });
  const heldMs = await whileProbed(async () => {
    const permissions = [{ right: 'see', nodes: [stars], groups: [stars] }];
    await server().api.request('PUT', '/api/v1/user-roles/odd', { permissions });
    for (const pattern of ['(a+)+$', '<*><*><*><*><*>'.repeat(20), '<[<*.a>]>'.repeat(50), '['.repeat(5_000)])
      await server()
        .api.request('PUT', '/api/v1/policies/odd', source(pattern))
        .catch(() => undefined);
    for (const text of [
      `"${name}" OR `.repeat(30),
      '(((((',
      '"a" NEAR "b"',
      `${name}*`.repeat(20),
      '%_%_%_'.repeat(40),
    ])
      await raw(get(`/api/v1/messages?text=${encodeURIComponent(text)}`));
  });
  t.diagnostic(`the server was held for at most ${heldMs} ms`);
  assert.equal(statusOf(await raw(get('/readyz'))), '200');
});

test('a guessed ID tells nothing: what one may not see is answered as what is not there', async () => {
  const { api } = server();
  await api.request('PUT', '/api/v1/user-roles/web-team', {
    permissions: ['see', 'operate', 'act'].map((right) => ({ right, nodes: ['web*'] })),
  });
  const made = await api.request('POST', '/api/v1/tokens', {
    name: 'web',
    roles: ['web-team'],
    validMs: null,
  });
  const token = z.object({ token: z.string() }).parse(made).token;
  const page = z.object({ messages: z.array(z.object({ id: z.string(), nodeName: z.string() })) });
  const listed = page.parse(await api.get('/api/v1/messages?limit=1'));
  const there = listed.messages.find(({ nodeName }) => !nodeName.startsWith('web'))?.id ?? assert.fail();
  const nowhere = '0190a6f4-0000-7000-8000-0000000000fe';
  const asked: readonly (readonly [method: string, target: string, body?: unknown])[] = [
    ['GET', '/api/v1/messages/ID'],
    ['POST', '/api/v1/operations', { kind: 'annotate', messages: ['ID'], text: 'x' }],
    ['POST', '/api/v1/operations', { kind: 'acknowledge', messages: ['ID'] }],
    ['POST', '/api/v1/messages/ID/actions', { action: 'operator', deadlineMs: 60_000 }],
    ['POST', '/api/v1/messages/ID/actions', {}],
    ['GET', '/api/v1/actions?message=ID'],
    ['GET', '/api/v1/actions?request=ID'],
    ['GET', '/api/v1/actions/ID'],
    ['GET', '/api/v1/messages?limit=5'],
  ];
  for (const [method, target, body] of asked) {
    const answers = [there, nowhere].map((id) =>
      as(
        token,
        method,
        target.replace('ID', id),
        body && JSON.parse(JSON.stringify(body).replace('ID', id)),
      ).then((answer) => answer.replaceAll(id, 'ID')),
    );
    const [hidden, absent] = await Promise.all(answers);
    assert.equal(hidden, absent, `${method} ${target}`);
    assert.ok(!String(hidden).startsWith('401'), String(hidden));
  }
});
