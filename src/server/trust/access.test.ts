import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Passwords } from '../../access/password.ts';
import { newSessionKey } from '../../access/session-keys.ts';
import { faultyCoordination, type CoordinationFaults } from '../../coordination/faulty.ts';
import { auditPageSchema, auditVerdictSchema, type AuditRecord } from '../../model/audit.ts';
import { keys } from '../../model/definitions.ts';
import {
  sessionsSchema,
  signedInSchema,
  tokenAnswerSchema,
  tokensSchema,
  userAnswerSchema,
  whoAmISchema,
} from '../../model/users-api.ts';
import { nodeClock, nodeTimers } from '../../runtime/node/clock.ts';
import { nodeRandom } from '../../runtime/node/random.ts';
import type { HttpAnswer } from '../../runtime/network.ts';
import type { RunningServer } from '../start-server.ts';
import { eventually, TestServers } from '../testing/test-servers.ts';

const secret = 'seven blue lanterns at noon';
const faults: CoordinationFaults & { isCut: boolean } = {
  isCut: false,
  call: () => ({ requestMs: 0, answerMs: 0, lost: faults.isCut ? 'request' : 'nothing' }),
  watchMs: () => (faults.isCut ? null : 0),
  retryMs: 20,
  callMs: 200,
};

let servers: TestServers;
let a: RunningServer;
let b: RunningServer;

before(async () => {
  servers = await TestServers.start(2, {
    coordination: (inner) => faultyCoordination(inner, nodeTimers, faults),
  });
  const [first, second] = servers.running;
  assert.ok(first && second);
  [a, b] = [first, second];
  const password = await new Passwords(nodeRandom).hash(secret);
  await servers.define(keys.sessionKeys, { keys: [newSessionKey(nodeRandom, nodeClock.wallMs())] });
  await define('root', ['administrator'], password);
  await define('ann', ['operator'], password);
  await eventually('both know the users', () => [a, b].every((s) => s.view.access.users().length === 2));
  await eventually('they are connected', () =>
    [a, b].every((s) => s.view.poolStatus().members.every(({ positions }) => positions !== null)),
  );
});
after(() => servers[Symbol.asyncDispose]());

async function define(name: string, roles: readonly string[], password?: string): Promise<void> {
  const { coreId } = servers.pool.identity('user');
  await servers.define(keys.user(coreId), {
    coreId,
    name,
    createdMs: 0,
    roles,
    ...(password && { password }),
  });
}

function call(
  server: RunningServer,
  route: string,
  headers: Record<string, string> = {},
  body?: unknown,
): Promise<HttpAnswer> {
  const [method = '', path = ''] = route.split(' ');
  return servers.runtime.network.call({
    url: servers.urlOf(server) + path,
    method,
    timeoutMs: 10_000,
    trust: { authorityPems: [servers.pool.authority.certificatePem] },
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function signIn(server: RunningServer, name: string, password = secret) {
  const answer = await call(server, 'POST /api/v1/session', {}, { name, password, as: 'token' });
  assert.equal(answer.status, 200, answer.body);
  const { token, who } = signedInSchema.parse(JSON.parse(answer.body));
  return { who, headers: { authorization: `Bearer ${token}` } };
}

async function status(server: RunningServer, headers: Record<string, string>): Promise<number> {
  return (await call(server, 'GET /api/v1/session', headers)).status;
}

/** Holds within five seconds on both servers. */
async function isOver(headers: Record<string, string>): Promise<void> {
  const endMs = nodeClock.monotonicMs() + 5_000;
  for (const server of [a, b])
    while ((await status(server, headers)) !== 401)
      assert.ok(nodeClock.monotonicMs() < endMs, 'the session is over within 5 s');
}

async function eventuallyAsync(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const endMs = nodeClock.monotonicMs() + 5_000;
  while (!(await isSo())) assert.ok(nodeClock.monotonicMs() < endMs, `not within 5 s: ${what}`);
}

async function auditOf(server: RunningServer, headers: Record<string, string>): Promise<AuditRecord[]> {
  const { body } = await call(server, 'GET /api/v1/audit?limit=1000', headers);
  return auditPageSchema.parse(JSON.parse(body)).records;
}

test('a session made on one server is good on every server, and says what its user may do', async () => {
  const { headers, who } = await signIn(a, 'ann');
  assert.deepEqual(who.roles, ['operator']);
  const there = whoAmISchema.parse(JSON.parse((await call(b, 'GET /api/v1/session', headers)).body));
  assert.equal(there.name, 'ann');
  assert.deepEqual(
    there.rights.map(({ right }) => right),
    ['see', 'operate', 'act'],
  );
  assert.equal((await call(b, 'GET /api/v1/messages', headers)).status, 200);
  assert.equal((await call(b, 'GET /api/v1/users', headers)).status, 403);
});

test('a wrong password, a user that is not there and one without a password get one answer', async () => {
  await define('token-only', []);
  await eventually('it is known', () => a.view.access.users().some(({ name }) => name === 'token-only'));
  const answers = [];
  for (const name of ['ann', 'nobody-at-all', 'token-only']) {
    const { status: code, body } = await call(a, 'POST /api/v1/session', {}, { name, password: 'wrong' });
    answers.push(`${code} ${body}`);
  }
  assert.equal(new Set(answers).size, 1, answers.join('\n'));
  assert.match(answers[0] ?? '', /^401 .*the name or the password is wrong/);
});

test('logging out ends the session everywhere, and the same user can sign in again', async () => {
  const one = await signIn(a, 'ann');
  const other = await signIn(b, 'ann');
  assert.equal((await call(b, 'DELETE /api/v1/session', one.headers)).status, 200);
  await isOver(one.headers);
  assert.equal(await status(a, other.headers), 200);
});

test('disabling, a new password, new roles and removal end all sessions of a user everywhere', async () => {
  const root = await signIn(a, 'root');
  const create = { name: 'carl', roles: ['observer'], password: 'green doors of winter' };
  assert.equal((await call(a, 'POST /api/v1/users', root.headers, create)).status, 200);
  await eventually('b knows carl', () => b.view.access.users().some(({ name }) => name === 'carl'));
  const other = 'another phrase, quite new';
  const changes: readonly [body: object, password: string][] = [
    [{ kind: 'change', roles: ['operator'] }, create.password],
    [{ kind: 'sign-out' }, create.password],
    [{ kind: 'password', password: other }, other],
    [{ kind: 'disable' }, ''],
  ];
  let password = create.password;
  for (const [change, next] of changes) {
    const carl = await signIn(b, 'carl', password);
    assert.equal((await call(a, 'POST /api/v1/users/carl', root.headers, change)).status, 200);
    await isOver(carl.headers);
    password = next;
  }
  const refused = await call(b, 'POST /api/v1/session', {}, { name: 'carl', password: other });
  assert.equal(refused.status, 401);
  assert.equal((await call(a, 'DELETE /api/v1/users/carl', root.headers)).status, 200);
});

test("an administrator sees everybody's sessions and ends one, everywhere; the others go on", async () => {
  const root = await signIn(a, 'root');
  const list = async (server: RunningServer) =>
    sessionsSchema.parse(JSON.parse((await call(server, 'GET /api/v1/sessions', root.headers)).body))
      .sessions;
  const before = new Set((await list(a)).map(({ id }) => id));
  const [one, other] = [await signIn(a, 'ann'), await signIn(b, 'ann')];
  const added = async (server: RunningServer) => (await list(server)).filter(({ id }) => !before.has(id));
  await eventuallyAsync('a heard of both', async () => (await added(a)).length === 2);
  const first = (await added(a)).at(-1);
  assert.equal(first?.user, 'ann');
  assert.equal((await call(b, `DELETE /api/v1/sessions/${'0'.repeat(32)}`, root.headers)).status, 404);
  await eventuallyAsync('b heard of both', async () => (await added(b)).length === 2);
  assert.equal((await call(b, `DELETE /api/v1/sessions/${first?.id}`, root.headers)).status, 200);
  await isOver(one.headers);
  assert.equal(await status(b, other.headers), 200);
  assert.equal((await added(b)).length, 1);
  await call(a, 'POST /api/v1/users/ann', root.headers, { kind: 'sign-out' });
  await eventuallyAsync('no session of hers is left', async () => (await added(a)).length === 0);
});

test('a service token is made with roles that exist, shown once, and worthless once revoked', async () => {
  const root = await signIn(a, 'root');
  const make = (roles: readonly string[]) =>
    call(a, 'POST /api/v1/tokens', root.headers, { name: 'report', roles, validMs: 3_600_000 });
  assert.equal((await make(['no-such-role'])).status, 400);
  const made = await make(['observer']);
  const { token } = tokenAnswerSchema.parse(JSON.parse(made.body));
  assert.equal((await make(['observer'])).status, 409);
  const bearer = { authorization: `Bearer ${token}` };
  await eventuallyAsync('b takes it', async () => (await status(b, bearer)) === 200);
  const listed = await call(b, 'GET /api/v1/tokens', root.headers);
  assert.ok(!listed.body.includes(token), 'its text stands nowhere');
  const { tokens } = tokensSchema.parse(JSON.parse(listed.body));
  assert.deepEqual(tokens.find(({ name }) => name === 'report')?.roles, ['observer']);
  assert.equal((await call(b, 'DELETE /api/v1/tokens/report', root.headers)).status, 200);
  await isOver(bearer);
});

test('the last administrator stays one', async () => {
  const { headers } = await signIn(a, 'root');
  for (const change of [{ kind: 'disable' }, { kind: 'change', roles: ['observer'] }]) {
    const { status: code, body } = await call(a, 'POST /api/v1/users/root', headers, change);
    assert.equal(code, 409);
    assert.match(body, /last administrator/);
  }
  assert.equal((await call(a, 'DELETE /api/v1/users/root', headers)).status, 409);
});

test('while the coordinator is away people sign in, and end sessions on the other server too', async () => {
  faults.isCut = true;
  try {
    const { headers } = await signIn(a, 'ann');
    assert.equal(await status(b, headers), 200);
    assert.equal((await call(a, 'DELETE /api/v1/session', headers)).status, 200);
    await isOver(headers);
  } finally {
    faults.isCut = false;
  }
});

test('a cookie is refused to other sites, and without the header that only our pages send', async () => {
  const answer = await call(a, 'POST /api/v1/session', {}, { name: 'ann', password: secret });
  const set = answer.headers['set-cookie'] ?? '';
  assert.match(set, /^__Host-watchkeeper=wks1\.[^;]+; Path=\/; Secure; HttpOnly; SameSite=Strict$/);
  assert.equal(signedInSchema.parse(JSON.parse(answer.body)).token, null, 'it stands in the cookie only');
  const cookie = set.split(';')[0] ?? '';
  const origin = servers.urlOf(a);
  const own = { cookie, origin, 'x-watchkeeper': '1' };
  assert.equal(await status(a, { cookie }), 200);
  for (const [headers, code] of [
    [{ cookie }, 403],
    [{ cookie, 'x-watchkeeper': '1' }, 403],
    [{ cookie, origin }, 403],
    [{ ...own, origin: 'https://evil.example' }, 403],
    [{ ...own, 'sec-fetch-site': 'cross-site' }, 403],
    [{ ...own, 'sec-fetch-site': 'same-site' }, 403],
    [{ ...own, 'sec-fetch-site': 'same-origin' }, 200],
  ] as const) {
    const { status: given } = await call(a, 'POST /api/v1/operations', headers, {
      kind: 'own',
      messages: ['0190a6f4-0000-7000-8000-000000000001'],
    });
    assert.equal(given, code, JSON.stringify(headers));
  }
  assert.equal(await status(a, { cookie, 'sec-fetch-site': 'cross-site' }), 403);
  const login = { name: 'ann', password: secret };
  assert.equal(
    (await call(a, 'POST /api/v1/session', { origin: 'https://evil.example' }, login)).status,
    403,
  );
});

test('a setup link works once, names the user, and says nothing in the audit trail', async () => {
  const root = await signIn(a, 'root');
  const added = await call(a, 'POST /api/v1/users', root.headers, { name: 'dora', roles: ['operator'] });
  const { setup } = userAnswerSchema.parse(JSON.parse(added.body));
  const token = /^\/setup\?name=[a-z]+#(wku1\..{43})$/.exec(setup?.path ?? '')?.[1] ?? '';
  const weak = await call(b, 'POST /api/v1/setup', {}, { token, password: 'dora is my name' });
  assert.match(weak.body, /contains dora/);
  const password = 'a long road to the sea';
  const done = await call(b, 'POST /api/v1/setup', {}, { token, password, name: 'dorothy' });
  assert.equal(done.status, 200, done.body);
  assert.equal(signedInSchema.parse(JSON.parse(done.body)).who.name, 'dorothy');
  assert.equal((await call(a, 'POST /api/v1/setup', {}, { token, password })).status, 401);
  await eventually('a knows her', () => a.view.access.users().some(({ name }) => name === 'dorothy'));
  await signIn(a, 'dorothy', password);
  const text = JSON.stringify(await auditOf(b, root.headers));
  for (const hidden of [token, password, secret]) assert.ok(!text.includes(hidden));
  assert.match(text, /"user\.setup"/);
});

test('who did what stands in the trail of every server, and verify says that it is whole', async () => {
  const { headers } = await signIn(a, 'root');
  await call(a, 'PUT /api/v1/user-roles/dba', headers, { permissions: [{ right: 'see', nodes: ['db*'] }] });
  const ann = await signIn(b, 'ann');
  assert.equal((await call(b, 'PUT /api/v1/user-roles/dba', ann.headers, { permissions: [] })).status, 403);
  let found: AuditRecord[] = [];
  const endMs = nodeClock.monotonicMs() + 5_000;
  while (!found.some(({ by, outcome }) => by === 'ann' && outcome === 'denied')) {
    assert.ok(nodeClock.monotonicMs() < endMs, 'the refusal reaches the other server');
    found = await auditOf(a, headers);
  }
  const set = found.find(({ action, target }) => action === 'user-role.set' && target === 'dba');
  assert.deepEqual([set?.by, set?.outcome, set?.from], ['root', 'allowed', '127.0.0.1']);
  for (const server of [a, b]) {
    const verdict = await call(server, 'GET /api/v1/audit/verify', headers);
    const { chains } = auditVerdictSchema.parse(JSON.parse(verdict.body));
    assert.ok(chains.length >= 2);
    assert.ok(
      chains.every(({ broken }) => broken === null),
      JSON.stringify(chains),
    );
  }
  assert.equal((await call(a, 'DELETE /api/v1/user-roles/operator', headers)).status, 409);
  assert.equal((await call(a, 'DELETE /api/v1/user-roles/dba', headers)).status, 200);
});

test('guessing is slowed down on all servers together', async () => {
  let tries = 0;
  let refused = 0;
  while (refused === 0 && tries < 60) {
    const server = tries++ % 2 === 0 ? a : b;
    const { status: code } = await call(
      server,
      'POST /api/v1/session',
      {},
      { name: 'victim', password: 'x' },
    );
    if (code === 429) refused = tries;
  }
  assert.ok(refused > 5 && refused <= 25, `refused after ${refused} tries`);
});
