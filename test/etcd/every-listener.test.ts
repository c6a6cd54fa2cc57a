import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { connect as netConnect, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as tlsConnect, type ConnectionOptions } from 'node:tls';
import { z } from 'zod';
import { etcdFiles } from '../../src/coordination/managed/etcd-files.ts';
import { keys } from '../../src/model/definitions.ts';
import { certificateRecordSchema } from '../../src/model/trust.ts';
import { nodeClock } from '../../src/runtime/node/clock.ts';
import { nodeFiles } from '../../src/runtime/node/files.ts';
import { nodeRandom } from '../../src/runtime/node/random.ts';
import type { Credentials } from '../../src/runtime/network.ts';
import { fingerprintOf } from '../../src/security/certificate-info.ts';
import { etcdSignedBy } from '../../src/security/etcd-trust.ts';
import { createJoinToken, type NewJoinToken } from '../../src/security/join-token.ts';
import { until } from '../pool/real-pool.ts';
import { isInstalled } from '../runner/needs.ts';
import { actors } from './actors.ts';
import { certificateCases, etcdCredentials } from './certificate-cases.ts';
import { epochOfActing } from './etcd-of-pool.ts';
import { Listeners } from './listeners.ts';

/**
 * Every certificate of the list, and whatever is no TLS of ours, on every listener of a pool that runs: two servers, the
 * virtual interface, and their etcd's two ports. A witness listens with nothing but such an etcd; the console and
 * the endpoints for joining and renewing are behind the servers' own port. The tests share the pool, and go on from each other:
 * the last two change whom it believes.
 */
const skip = isInstalled('etcd') ? false : 'etcd is not installed';
let listeners: Listeners;

before(async () => {
  if (skip === false) listeners = await Listeners.start();
});
after(async () => {
  if (skip === false) await listeners[Symbol.asyncDispose]();
});

test('every certificate of the list, on every listener', { skip }, async (t) => {
  const wrong: string[] = [];
  for (const [at, [what, expected, make]] of certificateCases.entries()) {
    const credentials = await make(listeners.enrolled);
    const [link, api, renewed, ...atEach] = expected;
    const wanted = [link, String(api), ...atEach].join(' ');
    let found = '';
    // Word of who is enrolled or revoked may be on its way, and a revoked server or witness costs etcd its connections.
    for (const endMs = performance.now() + 10_000; ; await pause(50)) {
      found = (await listeners.taken(credentials)).join(' ');
      if (found === wanted || performance.now() > endMs) break;
    }
    // Once and last: a key that is exchanged twice is taken for stolen.
    const answer = await listeners.renewal(listeners.urls[at % listeners.urls.length] ?? '', credentials);
    if (found !== wanted || answer !== renewed)
      wrong.push(`${what}: ${found} ${answer}, not ${wanted} ${renewed}`);
  }
  assert.deepEqual(wrong, []);
  t.diagnostic(`${certificateCases.length} certificates on ${listeners.all.length} listeners`);
});

test('a key that is exchanged twice is out on every listener, with whoever has it', { skip }, async () => {
  const mine = await listeners.enrolled.pool.credentials(await listeners.enrolled.enrol('agent'));
  await until('it is taken', async () => (await listeners.taken(mine))[0] === 'taken', 10_000, 50);
  assert.equal(await listeners.renewal(listeners.urls[0] ?? '', mine), 'yes');
  assert.equal(await listeners.renewal(listeners.urls[1] ?? '', mine), 'WK_REVOKED');
  await until(
    'it is refused everywhere',
    async () => (await listeners.taken(mine)).join() === 'refused,403,refused,refused',
    10_000,
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
      ['TLSv1', listeners.all],
      ['TLSv1.1', listeners.all],
      // etcd 3.4 cannot be told to want 1.3; it asks for the certificate in 1.2 just the same.
      ['TLSv1.2', listeners.urls],
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
    const stalls = listeners.urls.flatMap((url) =>
      flights.map((sent) => saidTo(netConnect(dialled(url)), hello.subarray(0, sent))),
    );
    const strange = listeners.all.flatMap((listener) =>
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
  const mine = await listeners.enrolled.pool.credentials(await listeners.enrolled.enrol('agent'));
  const options = { rejectUnauthorized: false, key: mine.keyPem, cert: mine.certificatePem };
  const sessions: Buffer[] = [];
  for (const url of listeners.urls) {
    const socket = tlsConnect({ ...dialled(url), ...options });
    socket.on('session', (session: Buffer) => sessions.push(session));
    await once(socket, 'secureConnect');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
  }
  for (const url of listeners.urls)
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
  look(path.join(listeners.pool.folder, 'server-1'));
  assert.deepEqual(
    open.filter((one) => !/etcd\/data\/member\/(?:wal|snap)\/?/.test(one)),
    [],
  );
});

test(
  'a join token, at every listener that takes one: once, in time, for whom it is, and not by guessing',
  { skip },
  async () => {
    const { coordination, enrolled, founding } = listeners;
    const make = (
      pool: string,
      authority: { readonly certificatePem: string },
      draft: Partial<NewJoinToken>,
    ) =>
      createJoinToken(
        { coordination, clock: nodeClock, random: nodeRandom },
        {
          pool,
          authorityFingerprint: fingerprintOf(authority.certificatePem),
          for: 'agent',
          name: null,
          validMs: 3_600_000,
          ...draft,
        },
      );
    const own = (draft: Partial<NewJoinToken> = {}): Promise<string> =>
      make(enrolled.pool.id, founding, draft);
    const { stranger } = enrolled;
    const used = await own();
    const made: readonly (readonly [what: string, wanted: string, token: string])[] = [
      ['good', 'yes', used],
      ['used already', 'WK_TOKEN_USED', used],
      ['expired', 'WK_TOKEN_EXPIRED', await own({ validMs: 1 })],
      ['for another name', 'WK_DENIED', await own({ name: 'another' })],
      ['for a server', 'WK_DENIED', await own({ for: 'server' })],
      ['for a witness', 'WK_DENIED', await own({ for: 'witness' })],
      ['of another pool', 'WK_TOKEN_FOREIGN', await make(stranger.id, stranger.authority, {})],
      ['made up', 'WK_TOKEN_UNKNOWN', `${used.slice(0, -27)}${'A'.repeat(27)}`],
      ['cut short', 'WK_BAD_REQUEST', used.slice(0, -1)],
    ];
    const wrong: string[] = [];
    for (const [at, url] of listeners.urls.entries())
      for (const [what, wanted, token] of made) {
        const isFirst = what !== 'good' || at === 0;
        const found = await listeners.join(url, isFirst ? token : await own(), `token-${at}`);
        if (found !== wanted) wrong.push(`${what} at ${url}: ${found}, not ${wanted}`);
      }
    assert.deepEqual(wrong, []);
    for (const url of listeners.urls) {
      const guesses = Array.from({ length: 40 }, () =>
        listeners.joinAtOnce(url, `${used.slice(0, -27)}${'B'.repeat(27)}`, 'guess'),
      );
      assert.ok((await Promise.all(guesses)).includes('WK_OVERLOADED'), `guessing at ${url}`);
    }
  },
);

test('the key before a renewal is taken on every listener until the overlap is over', { skip }, async () => {
  const { enrolled } = listeners;
  const identity = await enrolled.enrol('agent');
  const old = await enrolled.pool.credentials(identity);
  await until('it is taken', async () => (await listeners.taken(old))[0] === 'taken', 10_000, 50);
  const next = await listeners.renewed(listeners.urls[0] ?? '', old);
  const outcome = async (of: Credentials): Promise<string> => (await listeners.taken(of)).join();
  const is = (of: Credentials, wanted: string): Promise<void> =>
    until(wanted, async () => (await outcome(of)) === wanted, 10_000, 50);
  await is(next, 'taken,403,refused,refused');
  await is(old, 'taken,403,refused,refused');
  const key = keys.certificate(identity.coreId);
  const record = certificateRecordSchema.parse(
    JSON.parse((await listeners.coordination.get(key))?.value ?? ''),
  );
  assert.ok(record.previous);
  await listeners.write(key, {
    ...record,
    previous: { ...record.previous, untilMs: nodeClock.wallMs() - 1 },
  });
  await is(old, 'refused,403,refused,refused');
  await is(next, 'taken,403,refused,refused');
});

const listSchema = z.object({
  authorities: z.array(z.object({ fingerprint: z.string(), duty: z.string() })),
  notFollowed: z.array(z.object({ kind: z.string(), name: z.string() })),
});

test(
  'another authority: both are believed on every listener, then the next one alone, by etcd too',
  { skip },
  async (t) => {
    const { pool, enrolled, founding } = listeners;
    const [first] = pool.servers;
    assert.ok(first);
    await listeners.forgetCases();
    const config = ['--config', first.config];
    const list = async (): Promise<z.infer<typeof listSchema>> =>
      listSchema.parse(JSON.parse(await pool.command('trust', 'list', '--json', ...config)));
    const before = [await actors(pool, 'acting'), await epochOfActing(first)];
    const startMs = performance.now();
    const since = (what: string): void =>
      t.diagnostic(`${what} after ${Math.round(performance.now() - startMs)} ms`);

    await pool.command('trust', 'rotate', ...config);
    await pool.renewIdentity();
    await until('everybody has followed', async () => (await list()).notFollowed.length === 0, 60_000, 250);
    since('every etcd believes both');
    const next = await listeners.nextAuthority();
    listeners.believe([founding.certificatePem, next.authority.certificatePem]);
    const [agent, server] = [await enrolled.enrol('agent'), await enrolled.enrol('server')];
    const [oldAgent, newAgent] = [await enrolled.pool.credentials(agent), await next.credentials(agent)];
    const [oldEtcd, newEtcd] = [
      await etcdCredentials(enrolled.pool, server),
      await etcdCredentials(next, server),
    ];
    const is = (what: string, of: Credentials, wanted: string): Promise<void> =>
      until(`${what}: ${wanted}`, async () => (await listeners.taken(of)).join() === wanted, 60_000, 100);
    for (const one of [oldAgent, newAgent]) await is('an agent', one, 'taken,403,refused,refused');
    for (const one of [oldEtcd, newEtcd]) await is('a server', one, 'taken,200,taken,taken');
    await listeners.forgetCases();

    await pool.command('trust', 'rotate', '--finish', ...config);
    for (const name of listeners.servers)
      await until(
        `the next one signed for the etcd of ${name}`,
        async () =>
          (await etcdSignedBy(nodeFiles, etcdFiles(path.join(pool.folder, name)))) ===
          fingerprintOf(next.authority.certificatePem),
        20_000,
      );
    await until(
      'the founding authority can be removed',
      () =>
        pool
          .command('trust', 'remove', fingerprintOf(founding.certificatePem).slice(0, 16), ...config)
          .then(() => true),
      40_000,
      500,
    );
    await is('of the founding authority', oldEtcd, 'refused,401,refused,refused');
    await is('of the founding authority', oldAgent, 'refused,401,refused,refused');
    since('the founding authority is believed nowhere');
    await is('of the next one', newEtcd, 'refused,401,taken,taken');
    assert.deepEqual([await actors(pool, 'acting'), await epochOfActing(first)], before);
  },
);

test('a server is revoked while its connections to etcd are open: they end', { skip }, async (t) => {
  const { pool, etcd } = listeners;
  const [first] = pool.servers;
  assert.ok(first);
  const stolen = listeners.ownEtcd('server-2');
  const open = await Promise.all(etcd.map((place) => listeners.openEtcd(place, stolen)));
  // With an error, which is what `once` would tell of.
  const ended = Promise.all(open.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  const why = ['--because', 'its disk was stolen'];
  await pool.command('cert', 'revoke', 'server-2', ...why, '--config', first.config);
  const revokedMs = performance.now();
  await ended;
  const tookMs = Math.round(performance.now() - revokedMs);
  t.diagnostic(`open connections to etcd ended ${tookMs} ms after the command did`);
  assert.ok(tookMs < 5_000, `${tookMs} ms`);
  for (const place of etcd) assert.equal(await listeners.atEtcd(place, stolen), 'refused');
});
