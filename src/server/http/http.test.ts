import assert from 'node:assert/strict';
import { createServer, request, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { after, before, beforeEach, test } from 'node:test';
import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { errorAnswerSchema, liveEventSchema, messagePageSchema } from '../../model/api.ts';
import { explainAnswerSchema } from '../../model/flexible-api.ts';
import { consoleAssets, consolePages } from '../../model/console-pages.ts';
import { WatchError } from '../../model/errors.ts';
import type { Log } from '../../runtime/log.ts';
import { nodeTimers } from '../../runtime/node/clock.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { nodeFiles } from '../../runtime/node/files.ts';
import { nodeRandom } from '../../runtime/node/random.ts';
import { routePermissions as access } from '../../model/permissions.ts';
import { streamsOfOneMax } from './event-routes.ts';
import { createHttp } from './http.ts';
import { decodePositions } from './positions-id.ts';
import { FakeView, fakeMessage, fakeOrigin, fakePool, fakeToken } from './fake-view.ts';

const view = new FakeView();
const logged: string[] = [];
const log: Log = { ...silentLog, error: (text, fields) => void logged.push(`${text} ${fields?.error}`) };
const http = await createHttp(view, { timers: nodeTimers, random: nodeRandom, log, files: nodeFiles }, null);
const server = createServer(http.handler);
let base = '';

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  base = `http://127.0.0.1:${address.port}`;
});
after(async () => {
  await http.close();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  Object.assign(view, { identity: null, ready: true, held: null, failure: null, trimmedTo: 0 });
});

const bearer = { authorization: `Bearer ${fakeToken}` };
const coreId = '0190a6f4-0000-4000-8000-0000000000ff';

async function call(
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; headers: Headers; text: string }> {
  const answer = await fetch(base + path, init);
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

function post(body: string, headers: Record<string, string> = {}): RequestInit {
  return { method: 'POST', body, headers: { 'content-type': 'application/json', ...bearer, ...headers } };
}

function assertError(text: string, code: string): string {
  const { error } = errorAnswerSchema.parse(JSON.parse(text));
  assert.equal(error.code, code, text);
  assert.doesNotMatch(error.text, /\n|\.ts:|node_modules/);
  return error.text;
}

test('the table of who may call names exactly the routes there are', () => {
  assert.deepEqual([...http.routes].sort(), Object.keys(access).sort());
});

test('flexible management: findings with their places, and what becomes of a message at a time', async () => {
  const ask = async (text: string) => {
    const message = { severity: 'critical', text: 'full', node: { name: 'db7' } };
    const zones = { nodeZone: 'UTC', serverZone: 'UTC' };
    const body = JSON.stringify({ text, kind: 'agent', message, atMs: 0, ...zones });
    const answer = await call('/api/v1/flexible-management/explain', post(body));
    assert.equal(answer.status, 200, answer.text);
    return explainAnswerSchema.parse(JSON.parse(answer.text));
  };
  const good = await ask(
    `RESPMGRCONFIGS
  RESPMGRCONFIG DESCRIPTION "all"
    MSGTARGETRULES
      MSGTARGETRULE DESCRIPTION "disks"
        MSGTARGETRULECONDS
          MSGTARGETRULECOND DESCRIPTION "critical"
            SEVERITY Critical
        MSGTARGETMANAGERS
          MSGTARGETMANAGER
            TIMETEMPLATE "$OPC_ALWAYS"
            OPCMGR IP 0.0.0.0 "desk"
`,
  );
  assert.deepEqual(
    good.findings.filter(({ level }) => level === 'error'),
    [],
  );
  assert.deepEqual(
    good.explanation?.targets.map(({ manager }) => manager.includes('desk')),
    [true],
  );
  assert.equal(good.explanation?.rules[0]?.decides, true);
  const bad = await ask('RESPMGRCONFIGS\n  NONSENSE');
  assert.equal(bad.explanation, null);
  assert.equal(bad.findings[0]?.line, 2);
});

for (const [route, { who }] of Object.entries(access)) {
  const [method = '', path = ''] = route.split(' ');
  const url = path.replace(/:\w+/, coreId);

  test(`${route} without credentials: ${who === 'anyone' ? 'answers' : '401'}`, async () => {
    const { status, text, headers } = await call(
      url,
      method === 'POST' ? { ...post('{}'), headers: {} } : {},
    );
    if (who === 'anyone') assert.notEqual(status, 401);
    else {
      assert.equal(status, 401);
      assertError(text, 'WK_UNAUTHENTICATED');
      assert.equal(headers.get('www-authenticate'), 'Bearer');
    }
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.match(headers.get('x-request-id') ?? '', /^[0-9a-f]{16}$/);
  });

  if (who !== 'anyone')
    test(`${route} refuses an agent's certificate and a certificate of another pool`, async () => {
      view.identity = { pool: fakePool, kind: 'agent', coreId };
      assert.equal((await call(url, { method })).status, 403);
      view.identity = { pool: coreId, kind: 'user', coreId };
      assert.equal((await call(url, { method })).status, 401);
    });
}

test('a path that is not there: 401 for strangers, 404 for operators', async () => {
  assert.equal((await call('/api/v1/secrets')).status, 401);
  const { status, text } = await call('/api/v1/secrets?x=1', { headers: bearer });
  assert.equal(status, 404);
  assert.match(assertError(text, 'WK_NOT_FOUND'), /GET \/api\/v1\/secrets;/);
});

test('users and tokens are let in, servers where they have a row; a wrong token is not helped by a right certificate', async () => {
  for (const [kind, status] of [
    ['user', 200],
    ['server', 403],
  ] as const) {
    view.identity = { pool: fakePool, kind, coreId };
    assert.equal((await call('/api/v1/counts')).status, status);
  }
  for (const authorization of ['Bearer wrong', 'Basic YTpi', `Bearer ${fakeToken} ${fakeToken}`, ''])
    assert.equal((await call('/api/v1/counts', { headers: { authorization } })).status, 401, authorization);
});

test('a page of messages: numbers and lists come out of the query text', async () => {
  view.report(fakeMessage(view.journal.length + 1));
  const query = 'severity=minor&severities=major&severities=critical&sinceMs=5&limit=10&text=disk';
  const { status, text } = await call(`/api/v1/messages?${query}`, { headers: bearer });
  assert.equal(status, 200);
  assert.ok(messagePageSchema.parse(JSON.parse(text)).messages.length > 0);
});

test('what is wrong in a query or body is said, with its place', async () => {
  const wrong = async (query: string): Promise<string> => {
    const { status, text } = await call(`/api/v1/messages?${query}`, { headers: bearer });
    assert.equal(status, 400);
    return assertError(text, 'WK_BAD_REQUEST');
  };
  assert.match(await wrong('limit=0'), /querystring\.limit/);
  assert.match(await wrong('severty=major'), /severty/);
  assert.match(await wrong('severity=fatal'), /querystring\.severity/);
  assert.match(await wrong('sinceMs=yesterday'), /querystring\.sinceMs/);
});

test('bodies that are not JSON, too large, or of another type', async () => {
  const wrong = async (init: RequestInit, code: string): Promise<void> => {
    assertError((await call('/api/v1/operations', init)).text, code);
  };
  await wrong(post('{"kind":'), 'WK_BAD_REQUEST');
  await wrong(post('{"kind":"explode","messages":[]}'), 'WK_BAD_REQUEST');
  await wrong(post('{"__proto__":{"kind":"own"}}'), 'WK_BAD_REQUEST');
  await wrong(post('{"constructor":{"prototype":{"kind":"own"}}}'), 'WK_BAD_REQUEST');
  const deep = await call('/api/v1/operations', post('['.repeat(100_000)));
  assertError(deep.text, 'WK_BAD_REQUEST');
  assert.match(deep.text, /nests deeper than 64/);
  await wrong(post(JSON.stringify({ text: 'x'.repeat(300_000) })), 'WK_TOO_LARGE');
  await wrong(post('kind=own', { 'content-type': 'application/x-www-form-urlencoded' }), 'WK_BAD_REQUEST');
  await wrong(post('{}', { 'content-type': 'text/plain' }), 'WK_BAD_REQUEST');
  await wrong(post(JSON.stringify({ kind: 'annotate', messages: [fakeMessage(1).id] })), 'WK_BAD_REQUEST');
});

test('an operation carries the name of its caller', async () => {
  const messages = [fakeMessage(1).id];
  const answer = await call('/api/v1/operations', post(JSON.stringify({ kind: 'own', messages })));
  assert.equal(answer.status, 200);
  assert.deepEqual(view.operations.at(-1), { request: { kind: 'own', messages }, by: 'token nightly' });
});

test('our errors keep code and status; any other is 500, told without detail and logged', async () => {
  view.failure = new WatchError('WK_DAMAGED');
  assertError((await call('/api/v1/messages', { headers: bearer })).text, 'WK_DAMAGED');
  view.failure = new TypeError('secret detail');
  const { status, text } = await call('/api/v1/messages', { headers: bearer });
  assert.equal(status, 500);
  assert.doesNotMatch(assertError(text, 'WK_INTERNAL'), /secret/);
  assert.match(logged.at(-1) ?? '', /secret detail/);
});

test('health, readiness and the holder of a virtual interface', async () => {
  assert.equal((await call('/healthz')).status, 200);
  assert.equal((await call('/readyz')).status, 200);
  view.ready = false;
  const { status, text } = await call('/readyz');
  assert.equal(status, 503);
  assert.match(assertError(text, 'WK_UNAVAILABLE'), /catching up/);
  assert.equal((await call('/healthz/virtual/front')).status, 503);
  view.held = 'virtual-interface/front';
  assert.equal((await call('/healthz/virtual/front')).status, 200);
  assert.equal((await call('/healthz/virtual/back')).status, 404);
});

test('metrics are Prometheus text', async () => {
  const { text, headers } = await call('/metrics', { headers: bearer });
  assert.match(headers.get('content-type') ?? '', /^text\/plain/);
  assert.match(text, /^watchkeeper_messages\{state="open"\} \d+$/m);
  assert.match(text, /^watchkeeper_http_requests_total\{route="GET \/healthz",status="200"\} \d+$/m);
});

test('the description is OpenAPI 3.1, names every route, and every reference in it leads somewhere', async () => {
  const { text } = await call('/api/v1/openapi.json', { headers: bearer });
  const document = z
    .object({
      openapi: z.literal('3.1.0'),
      paths: z.record(z.string(), z.record(z.string(), z.unknown())),
      components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
    })
    .parse(JSON.parse(text));
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/, ':$1')}`),
  );
  const pages = [...Object.values(consolePages), consoleAssets].map((page) => `GET ${page}`);
  const wanted = Object.keys(access).filter((route) => !pages.includes(route));
  assert.deepEqual(described.sort(), wanted.sort());
  const references = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name = '']) => name);
  assert.ok(references.length > 5);
  for (const name of references) assert.ok(name in document.components.schemas, name);
});

/** Reads a live stream until `count` events have come. */
async function events(
  path: string,
  count: number,
  headers: Record<string, string> = {},
): Promise<{ id: string; event: z.infer<typeof liveEventSchema> }[]> {
  const stop = new AbortController();
  const answer = await fetch(base + path, { headers: { ...bearer, ...headers }, signal: stop.signal });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  const found = [];
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += Buffer.from(chunk).toString();
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      const id = /^id: (.*)$/m.exec(block)?.[1] ?? '';
      if (data !== undefined) found.push({ id, event: liveEventSchema.parse(JSON.parse(data)) });
    }
    if (found.length >= count) break;
  }
  stop.abort();
  return found;
}

test('a live stream tells its place at once, then what changes, and resumes from any place', async () => {
  const reading = events('/api/v1/events', 2);
  while (view.listeners === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const from = view.journal.length;
  view.report(fakeMessage(from + 1), fakeMessage(from + 2));
  const [first, second] = await reading;
  assert.deepEqual(first?.event, { type: 'messages', messages: [] });
  assert.ok(second?.event.type === 'messages' && second.event.messages.length === 2);
  assert.deepEqual(decodePositions(second.id), { [fakeOrigin]: from + 2 });

  for (const [path, headers] of [
    [`/api/v1/events?since=${first?.id}`, {}],
    ['/api/v1/events', { 'last-event-id': first?.id ?? '' }],
  ] as const) {
    const [, resumed] = await events(path, 2, headers);
    assert.deepEqual(resumed?.event, second.event);
  }
});

test('one caller has so many live streams and no more, and others have theirs all the same', async () => {
  const stop = new AbortController();
  const open = (headers: Record<string, string>) =>
    fetch(`${base}/api/v1/events`, { headers, signal: stop.signal });
  const first = await Promise.all(Array.from({ length: streamsOfOneMax }, () => open(bearer)));
  assert.ok(first.every(({ status }) => status === 200));
  const refused = await open(bearer);
  assert.equal(refused.status, 429);
  assert.match(assertError(await refused.text(), 'WK_OVERLOADED'), /has 64 live streams on this server/);
  view.identity = { pool: fakePool, kind: 'user', coreId };
  assert.equal((await open({})).status, 200);

  // A place is free again once its stream has ended.
  view.identity = null;
  stop.abort();
  while (view.listeners > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await events('/api/v1/events', 1);
});

test('a place that was trimmed, or that we cannot read, means reset', async () => {
  view.report(fakeMessage(view.journal.length + 1));
  const [start] = await events('/api/v1/events', 1);
  view.report(fakeMessage(view.journal.length + 1));
  view.trimmedTo = view.journal.length;
  const trimmed = await events(`/api/v1/events?since=${start?.id}`, 2);
  assert.deepEqual(trimmed[1]?.event, { type: 'reset' });
  const unreadable = await events('/api/v1/events?since=made-by-a-later-version', 1);
  assert.deepEqual(unreadable[0]?.event, { type: 'reset' });
  assert.deepEqual(decodePositions(unreadable[0]?.id ?? ''), view.positions());
});

test('a role is changed in the name of who asks; a slash in its name is sent as %2F', async () => {
  const path = '/api/v1/roles/virtual-interface%2Ffront';
  const { status, text } = await call(path, post('{"kind":"move","server":"m2"}'));
  assert.equal(status, 200, text);
  assert.deepEqual(view.roleRequests.at(-1), {
    role: 'virtual-interface/front',
    request: { kind: 'move', server: 'm2' },
    by: 'token nightly',
  });
  assert.equal((await call(path, { headers: bearer })).status, 200);
  assert.equal((await call(`${path}/history?limit=5`, { headers: bearer })).status, 200);
  for (const body of ['{"kind":"seize"}', '{"kind":"move"}', '{"kind":"failback","failback":"often"}'])
    assert.equal((await call(path, post(body))).status, 400, body);
  for (const other of ['/api/v1/roles/none', '/api/v1/roles/none/history'])
    assertError((await call(other, { headers: bearer })).text, 'WK_NOT_FOUND');
  assert.equal((await call(`${path}/history?limit=0`, { headers: bearer })).status, 400);
});

/** What comes over the line, which `fetch` would decompress. */
async function onTheLine(
  path: string,
  acceptEncoding: string,
): Promise<{ answer: IncomingMessage; bytes: Buffer }> {
  const headers = { ...bearer, 'accept-encoding': acceptEncoding };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(base + path, { headers }, resolve)
      .on('error', reject)
      .end();
  });
  return { answer, bytes: await buffer(answer) };
}

test('long JSON is compressed for who takes it, short JSON and what else there is are not', async () => {
  const path = '/api/v1/openapi.json';
  const plain = await onTheLine(path, 'identity');
  assert.equal(plain.answer.headers['content-encoding'], undefined);
  const forms = { zstd: zstdDecompressSync, gzip: gunzipSync };
  for (const [encoding, decompress] of Object.entries(forms)) {
    const { answer, bytes } = await onTheLine(path, `br, ${encoding}`);
    assert.equal(answer.headers['content-encoding'], encoding);
    assert.equal(answer.headers.vary, 'accept-encoding');
    assert.ok(bytes.length < plain.bytes.length / 4, `${bytes.length} of ${plain.bytes.length} bytes`);
    assert.deepEqual(decompress(bytes), plain.bytes);
  }
  for (const other of ['/api/v1/nodes', '/metrics']) {
    const { answer } = await onTheLine(other, 'zstd, gzip');
    assert.equal(answer.headers['content-encoding'], undefined, other);
  }
});

test('a compressed body of a request is not decompressed', async () => {
  const body = gzipSync(JSON.stringify({ kind: 'acknowledge', messages: [fakeMessage(1).id] }));
  const answer = await fetch(`${base}/api/v1/operations`, {
    method: 'POST',
    body,
    headers: { ...bearer, 'content-type': 'application/json', 'content-encoding': 'gzip' },
  });
  assert.equal(answer.status, 400);
  assertError(await answer.text(), 'WK_BAD_REQUEST');
});
