import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as tlsConnect } from 'node:tls';
import { keys } from '../../model/definitions.ts';
import { codeOf, textOf } from '../../model/errors.ts';
import { faultyCoordination, type CoordinationFaults } from '../../coordination/faulty.ts';
import { nodeClock, nodeTimers } from '../../runtime/node/clock.ts';
import { nodeNetwork } from '../../runtime/node/network.ts';
import { silentLog } from '../../runtime/node/log.ts';
import type { Credentials } from '../../runtime/network.ts';
import { askRenewal } from '../../security/ask-renewal.ts';
import { certificateInfo } from '../../security/certificate-info.ts';
import { makeKeyPair } from '../../security/key-pair.ts';
import { makeRenewal } from '../../security/proof.ts';
import { revoke } from '../../security/revoke.ts';
import { dialLink } from '../../link/dial-link.ts';
import { serverPaths } from '../server-paths.ts';
import { eventually, TestServers } from '../testing/test-servers.ts';

const dayMs = 86_400_000;
const network = nodeNetwork(silentLog);

function dial(servers: TestServers, url: string, credentials: Credentials, name: string) {
  return dialLink(servers.runtime, {
    connect: { url, credentials, pool: servers.pool.id, timeoutMs: 5_000, messageBytesMax: 1_000_000 },
    self: 'agent',
    hello: { name, version: '1', dialled: url },
  });
}

function ask(servers: TestServers, credentials: Credentials, next = makeKeyPair()) {
  const trust = { authorityPems: credentials.authorityPems };
  const urls = servers.running.map((server) => servers.urlOf(server));
  return askRenewal(network, urls, trust, makeRenewal(credentials, next)).then((answer) => ({
    ...answer,
    keyPem: next.keyPem,
  }));
}

test('an agent that was off for a month is refused, renews, and is connected', async () => {
  await using servers = await TestServers.start(1);
  const [server] = servers.running;
  assert(server);
  const url = servers.urlOf(server);
  const node = await servers.enrolNode('web-1');
  const old = await servers.pool.credentials(node.identity, nodeClock.wallMs() - 30 * dayMs);
  await assert.rejects(dial(servers, url, old, 'web-1'), { code: 'WK_UNAUTHENTICATED', message: /EXPIRED/ });
  const next = await ask(servers, old);
  const { connection } = await dial(servers, url, next, 'web-1');
  assert.equal(connection.ending, null);
  connection.close('done');
});

test('a server renews itself and shows the new certificate to who comes next, with nobody dropped', async () => {
  await using servers = await TestServers.start(1);
  const [first] = servers.running;
  assert(first);
  const path = serverPaths(servers.dataOf(first)).identity;
  const before = certificateInfo(
    readFileSync(path, 'utf8').match(/-----BEGIN CERT[^]*?-----END.*/)?.[0] ?? '',
  );
  await servers.stop(first);
  // Its certificate is past its half when it starts.
  const { identity } = before;
  assert(identity);
  const aged = await servers.pool.credentials(identity, nodeClock.wallMs() - 60 * dayMs);
  const { writeIdentityFile } = await import('../../security/identity-file.ts');
  await writeIdentityFile(servers.runtime.files, path, aged);
  const server = await servers.restart(first);
  const node = await servers.enrolNode('web-1');
  const agent = await servers.pool.credentials(node.identity);
  const { connection } = await dial(servers, servers.urlOf(server), agent, 'web-1');
  const shown = async (): Promise<string> => {
    const socket = tlsConnect({ host: '127.0.0.1', port: server.address.port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256.replaceAll(':', '').toLowerCase();
  };
  const old = certificateInfo(aged.certificatePem).fingerprint;
  let now = await shown();
  for (let tries = 0; now === old && tries < 100; tries++) {
    await pause(50);
    now = await shown();
  }
  assert.notEqual(now, old);
  const onDisk = certificateInfo(
    readFileSync(path, 'utf8').match(/-----BEGIN CERT[^]*?-----END.*/)?.[0] ?? '',
  );
  assert.equal(onDisk.fingerprint, now);
  assert.ok(onDisk.notAfterMs > nodeClock.wallMs() + 89 * dayMs);
  assert.equal(connection.ending, null);
  connection.close('done');
});

test('a revoked agent is out on every server within 5 s, stays out, and gets no new certificate', async () => {
  await using servers = await TestServers.start(3);
  const node = await servers.enrolNode('web-1');
  const credentials = await servers.pool.credentials(node.identity);
  const urls = servers.running.map((server) => servers.urlOf(server));
  const links = await Promise.all(urls.map((url) => dial(servers, url, credentials, 'web-1')));
  // What holds a connection open without saying anything, as a thief would.
  const sockets = servers.running.map((server) => {
    const socket = tlsConnect({
      host: '127.0.0.1',
      port: server.address.port,
      ca: [...credentials.authorityPems],
      cert: credentials.certificatePem,
      key: credentials.keyPem,
      checkServerIdentity: () => undefined,
    });
    socket.on('error', () => undefined);
    socket.resume();
    return socket;
  });
  await Promise.all(sockets.map((socket) => once(socket, 'secureConnect')));
  const down = servers.running[2];
  assert(down);
  await servers.stop(down);
  const startedMs = nodeClock.monotonicMs();
  await revoke(
    { coordination: servers.coordination(), clock: nodeClock },
    { identity: node.identity, name: 'web-1', by: 'test', because: 'stolen' },
  );
  await eventually('every connection is closed', () => {
    const open = links.filter(({ connection }) => connection.ending === null).length;
    return open === 0 && sockets.every((socket) => socket.destroyed);
  });
  assert.ok(nodeClock.monotonicMs() - startedMs < 5_000);
  const back = await servers.restart(down);
  for (const server of [...servers.running, back])
    await assert.rejects(dial(servers, servers.urlOf(server), credentials, 'web-1'), (error) => {
      assert.match(textOf(error), /revoked/);
      return true;
    });
  assert.equal(await ask(servers, credentials).then(() => 'renewed', codeOf), 'WK_REVOKED');
  const answer = await network.call({
    url: `${servers.urlOf(back)}/api/v1/pool`,
    method: 'GET',
    timeoutMs: 3_000,
    trust: { authorityPems: credentials.authorityPems },
    credentials,
  });
  assert.equal(answer.status, 403);
  assert.match(answer.body, /WK_REVOKED/);
});

test('a person who was taken away is let go, and is nobody when they come back', async () => {
  await using servers = await TestServers.start(1);
  const [server] = servers.running;
  assert(server);
  const identity = servers.pool.identity('user');
  const coordination = servers.coordination();
  const define = async (value: object | null) => {
    await coordination.transact({
      conditions: [],
      writes: [{ key: keys.user(identity.coreId), value: value && JSON.stringify(value) }],
    });
    await pause(100);
  };
  await define({ coreId: identity.coreId, name: 'eve', createdMs: 1, roles: ['administrator'] });
  const credentials = await servers.pool.credentials(identity);
  const where = {
    url: `${servers.urlOf(server)}/api/v1/events`,
    method: 'GET',
    timeoutMs: 3_000,
    trust: { authorityPems: credentials.authorityPems },
    credentials,
  };
  const { status, lines } = await network.stream(where);
  assert.equal(status, 200);
  const ended = (async () => {
    try {
      for await (const _ of lines);
    } catch (error) {
      return codeOf(error);
    }
    return 'ended';
  })();
  await define(null);
  assert.match(await ended, /ended|WK_UNREACHABLE/);
  assert.equal((await network.call({ ...where, url: `${servers.urlOf(server)}/api/v1/pool` })).status, 401);
});

test('a certificate that was exchanged connects for an hour and is refused then', async () => {
  await using servers = await TestServers.start(1);
  const [server] = servers.running;
  assert(server);
  const node = await servers.enrolNode('web-1');
  const old = await servers.pool.credentials(node.identity, nodeClock.wallMs() - dayMs);
  await ask(servers, old);
  const url = servers.urlOf(server);
  const { connection } = await dial(servers, url, old, 'web-1');
  connection.close('done');
  const coordination = servers.coordination();
  const key = keys.certificate(node.coreId);
  const record = JSON.parse((await coordination.get(key))?.value ?? '') as { previous: object };
  const past = { ...record, previous: { ...record.previous, untilMs: nodeClock.wallMs() - 1 } };
  await coordination.transact({ conditions: [], writes: [{ key, value: JSON.stringify(past) }] });
  let said: string | null = null;
  for (let tries = 0; said === null && tries < 100; tries++) {
    await pause(20);
    said = await dial(servers, url, old, 'web-1').then(({ connection: open }) => {
      open.close('still taken');
      return null;
    }, textOf);
  }
  assert.match(said ?? '', /newer certificate/);
});

test('a server whose coordinator is away asks another who was revoked before it serves, and keeps it', async () => {
  let isCut = false;
  const faults: CoordinationFaults = {
    call: () => ({ requestMs: 0, answerMs: 0, lost: isCut ? 'request' : 'nothing' }),
    watchMs: () => 0,
    retryMs: 100,
    callMs: 200,
  };
  await using servers = await TestServers.start(3, {
    coordination: (inner) => faultyCoordination(inner, nodeTimers, faults),
  });
  const [first, second, down] = servers.running;
  assert(first && second && down);
  const node = await servers.enrolNode('web-1');
  const credentials = await servers.pool.credentials(node.identity);
  const { connection } = await dial(servers, servers.urlOf(down), credentials, 'web-1');
  connection.close('done');
  await servers.stop(down);
  await revoke(
    { coordination: servers.coordination(), clock: nodeClock },
    { identity: node.identity, name: 'web-1', by: 'test', because: 'stolen' },
  );
  isCut = true;
  const back = await servers.restart(down);
  await assert.rejects(dial(servers, servers.urlOf(back), credentials, 'web-1'), /revoked/);
  // Alone, with nobody to ask, it still knows.
  await servers.stop(back);
  await servers.stop(first);
  await servers.stop(second);
  const alone = await servers.restart(back);
  await assert.rejects(dial(servers, servers.urlOf(alone), credentials, 'web-1'), /revoked/);
  await eventually('it says that it could not ask', () =>
    alone.view
      .page({ order: 'newest', limit: 10 })
      .messages.some(({ text }) => /who was revoked while it was away/.test(text)),
  );
});
