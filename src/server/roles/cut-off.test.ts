import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Passwords } from '../../access/password.ts';
import { newSessionKey } from '../../access/session-keys.ts';
import { faultyCoordination, type CoordinationFaults } from '../../coordination/faulty.ts';
import { keys } from '../../model/definitions.ts';
import { signedInSchema } from '../../model/users-api.ts';
import { nodeClock, nodeTimers } from '../../runtime/node/clock.ts';
import { nodeRandom } from '../../runtime/node/random.ts';
import type { Credentials, HttpAnswer } from '../../runtime/network.ts';
import type { RunningServer } from '../start-server.ts';
import { eventually, TestServers } from '../testing/test-servers.ts';

const secret = 'seven blue lanterns at noon';
const endsWithinMs = 5_000;
/** Each server's own way to the coordinator, in the order in which they were started. */
const ways: (CoordinationFaults & { isCut: boolean })[] = [];
let servers: TestServers;
let whole: RunningServer;
let cutOff: RunningServer;
let root: { headers: Record<string, string> };

function newWay(): CoordinationFaults {
  const way = {
    isCut: false,
    call: () => ({
      requestMs: 0,
      answerMs: 0,
      lost: way.isCut ? ('request' as const) : ('nothing' as const),
    }),
    watchMs: () => (way.isCut ? null : 0),
    retryMs: 20,
    callMs: 300,
  };
  ways.push(way);
  return way;
}

before(async () => {
  servers = await TestServers.start(2, {
    coordination: (inner) => faultyCoordination(inner, nodeTimers, newWay()),
  });
  [whole = assert.fail(), cutOff = assert.fail()] = servers.running;
  await servers.define(keys.sessionKeys, { keys: [newSessionKey(nodeRandom, nodeClock.wallMs())] });
  await addUser('root', ['administrator']);
  await eventually('they are connected', () =>
    servers.running.every((s) => s.view.poolStatus().members.every(({ positions }) => positions !== null)),
  );
  root = await signIn(whole, 'root');
});
after(() => servers[Symbol.asyncDispose]());

async function addUser(name: string, roles: readonly string[]): Promise<Credentials> {
  const identity = servers.pool.identity('user');
  const { coreId } = identity;
  const password = await new Passwords(nodeRandom).hash(secret);
  await servers.define(keys.user(coreId), { coreId, name, createdMs: 0, roles, password });
  await eventually(`all know ${name}`, () =>
    servers.running.every((s) => s.view.access.users().some((user) => user.name === name)),
  );
  return servers.pool.credentials(identity);
}

function call(
  server: RunningServer,
  route: string,
  as: { headers?: Record<string, string>; credentials?: Credentials },
  body?: object,
): Promise<HttpAnswer> {
  const [method = '', path = ''] = route.split(' ');
  const trust = { authorityPems: [servers.pool.authority.certificatePem] };
  const headers = { 'content-type': 'application/json', ...as.headers };
  const sent = body === undefined ? { headers: as.headers ?? {} } : { headers, body: JSON.stringify(body) };
  const { credentials } = as;
  return servers.runtime.network.call({
    url: servers.urlOf(server) + path,
    method,
    timeoutMs: 10_000,
    trust,
    ...sent,
    ...(credentials && { credentials }),
  });
}

async function signIn(server: RunningServer, name: string, password = secret) {
  const answer = await call(server, 'POST /api/v1/session', {}, { name, password, as: 'token' });
  assert.equal(answer.status, 200, answer.body);
  const { token } = signedInSchema.parse(JSON.parse(answer.body));
  return { headers: { authorization: `Bearer ${token ?? ''}` } };
}

async function statusOf(server: RunningServer, as: Parameters<typeof call>[2]): Promise<number> {
  return (await call(server, 'GET /api/v1/messages', as)).status;
}

async function becomes(
  server: RunningServer,
  as: Parameters<typeof call>[2],
  status: number,
): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    const found = await statusOf(server, as);
    const tookMs = performance.now() - startedMs;
    if (found === status) return tookMs;
    assert(tookMs < endsWithinMs, `still ${found} after ${tookMs} ms`);
    await pause(50);
  }
}

async function whileCutOff(run: () => Promise<void>): Promise<void> {
  const way = ways[1] ?? assert.fail();
  way.isCut = true;
  try {
    await run();
  } finally {
    way.isCut = false;
  }
}

const changes: readonly (readonly [string, string, object | undefined, boolean])[] = [
  ['is given another password', 'POST', { kind: 'password', password: 'a long road to the sea' }, false],
  ['is given other roles', 'POST', { kind: 'change', roles: ['observer'] }, true],
  ['is disabled', 'POST', { kind: 'disable' }, true],
  ['is signed out', 'POST', { kind: 'sign-out' }, false],
  ['is removed', 'DELETE', undefined, true],
];

for (const [number, [what, method, body, isWhole]] of changes.entries())
  test(`who ${what} is out of a server that the coordinator does not reach`, async (t) => {
    const name = `ann${number}`;
    const credentials = await addUser(name, ['operator']);
    const session = await signIn(cutOff, name);
    assert.equal(await statusOf(cutOff, session), 200);
    await whileCutOff(async () => {
      const answer = await call(whole, `${method} /api/v1/users/${name}`, root, body);
      assert.equal(answer.status, 200, answer.body);
      const tookMs = await becomes(cutOff, session, 401);
      t.diagnostic(`out after ${Math.round(tookMs)} ms`);
      // Its password is the old one there, or none any more: nobody comes in by it.
      const again = await call(cutOff, 'POST /api/v1/session', {}, { name, password: secret, as: 'token' });
      assert.equal(again.status, 503, again.body);
      assert.equal(await statusOf(cutOff, { credentials }), isWhole ? 401 : 200);
      assert.equal(await statusOf(cutOff, root), 200, 'others go on');
    });
    await eventually(
      'it follows the coordinator again',
      () => cutOff.view.poolStatus().coordinator.reachable,
    );
    if (what === 'is given another password') {
      const endMs = performance.now() + 10_000;
      const login = { name, password: 'a long road to the sea', as: 'token' };
      while ((await call(cutOff, 'POST /api/v1/session', {}, login)).status !== 200)
        assert(performance.now() < endMs, 'the new password is never taken');
    }
  });

test('a user role that is changed takes its users out of a server that is cut off', async () => {
  await call(whole, 'PUT /api/v1/user-roles/dba', root, { permissions: [{ right: 'see' }] });
  await eventually('it is known', () => cutOff.view.access.userRoles().some((role) => role.name === 'dba'));
  await addUser('dora', ['dba']);
  const session = await signIn(cutOff, 'dora');
  await whileCutOff(async () => {
    const answer = await call(whole, 'PUT /api/v1/user-roles/dba', root, { permissions: [] });
    assert.equal(answer.status, 200, answer.body);
    await becomes(cutOff, session, 401);
  });
  // Nothing of herself has changed, so she goes on where the coordinator says so.
  await becomes(whole, session, 403);
});

test('a change that fails ends nothing where the coordinator can be asked', async () => {
  const session = await signIn(whole, 'root');
  const answer = await call(whole, 'POST /api/v1/users/root', root, { kind: 'disable' });
  assert.equal(answer.status, 409);
  await pause(500);
  for (const server of [whole, cutOff]) assert.equal(await statusOf(server, session), 200);
});
