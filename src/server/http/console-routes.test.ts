import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { consolePages } from '../../model/console-pages.ts';
import { nodeTimers } from '../../runtime/node/clock.ts';
import { nodeFiles } from '../../runtime/node/files.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { nodeRandom } from '../../runtime/node/random.ts';
import { FakeView } from './fake-view.ts';
import { createHttp } from './http.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'watchkeeper-console-'));
const page = '<!doctype html><title>console</title>';
const http = await createHttp(
  new FakeView(),
  { timers: nodeTimers, random: nodeRandom, log: silentLog, files: nodeFiles },
  path.join(folder, 'dist'),
);
const server = createServer(http.handler);
let port = 0;

before(async () => {
  writeFileSync(path.join(folder, 'secret'), 'not for you');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  port = address.port;
});
after(async () => {
  await http.close();
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Sends the path as it stands; fetch would tidy it. */
function get(target: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: target, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(parts),
        }),
      );
    })
      .on('error', reject)
      .end();
  });
}

function build(): void {
  const dist = path.join(folder, 'dist');
  mkdirSync(path.join(dist, 'assets'), { recursive: true });
  writeFileSync(path.join(dist, 'index.html'), page);
  writeFileSync(path.join(dist, 'assets/a-1.js'), 'run()');
  writeFileSync(path.join(dist, 'assets/a-1.js.gz'), gzipSync('run()'));
  writeFileSync(path.join(dist, 'assets/unlisted.js'), 'no()');
  const files = [
    { path: 'index.html', type: 'text/html; charset=utf-8', sha256: 'ab'.repeat(32), encodings: [] },
    { path: 'assets/a-1.js', type: 'text/javascript', sha256: 'cd'.repeat(32), encodings: ['gzip'] },
  ];
  writeFileSync(path.join(dist, 'files.json'), JSON.stringify({ files }));
}

test('a server without a console says so, and what to do; once there is one it serves it', async () => {
  const { status, headers, body } = await get('/');
  assert.equal(status, 404);
  assert.match(String(headers['content-type']), /text\/plain/);
  assert.match(body.toString(), /not built[^]*npm run console/);
  build();
  assert.equal((await get('/')).status, 200);
});

test('every page of the console is the same document; it is asked for anew each time, and nothing inline may run', async () => {
  for (const each of Object.values(consolePages)) {
    const { status, headers, body } = await get(each.replace(':id', '0190a6f4'));
    assert.equal(status, 200, each);
    assert.equal(body.toString(), page);
    assert.equal(headers['cache-control'], 'no-cache');
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self';/);
    assert.doesNotMatch(policy, /unsafe|\*|http/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['x-frame-options'], 'DENY');
  }
  const { headers } = await get('/');
  assert.equal((await get('/', { 'if-none-match': String(headers.etag) })).status, 304);
  assert.equal((await get('/', { 'if-none-match': '"other"' })).status, 200);
});

test('a link on another site leads to a page, and to nothing else', async () => {
  const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
  assert.equal((await get('/messages/0190a6f4', headers)).status, 200);
  assert.equal((await get('/assets/a-1.js', headers)).status, 403);
});

test('other paths do not fall back to it', async () => {
  for (const each of ['/console', '/messages/a/b', '/index.html', '/files.json', '/api/v1/messages', '/api'])
    assert.equal((await get(each)).status, 401, each);
});

test('assets: for ever, in the form that the client takes', async () => {
  const plain = await get('/assets/a-1.js');
  assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable');
  assert.equal(plain.headers['content-type'], 'text/javascript');
  assert.equal(plain.headers.vary, 'accept-encoding');
  assert.equal(plain.body.toString(), 'run()');
  const packed = await get('/assets/a-1.js', { 'accept-encoding': 'br;q=1.0, gzip;q=0.8' });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  assert.equal(gunzipSync(packed.body).toString(), 'run()');
  const refused = await get('/assets/a-1.js', { 'accept-encoding': 'gzip;q=0' });
  assert.equal(refused.headers['content-encoding'], undefined);
});

test('nothing but what the build listed can be had, however it is asked for', async () => {
  const tries = [
    '/assets/unlisted.js',
    '/assets/a-1.js.gz',
    '/assets/..%2f..%2fsecret',
    '/assets/%2e%2e%2f%2e%2e%2fsecret',
    '/assets/../../secret',
    '/assets/..%2findex.html',
    '/assets/%00',
    '/assets/constructor',
  ];
  for (const each of tries) {
    const { status, body } = await get(each);
    assert.ok(status === 404 || status === 401, `${each}: ${status}`);
    assert.doesNotMatch(body.toString(), /not for you|no\(\)/);
  }
});
