import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { WatchError } from '../../model/errors.ts';
import type { RoleChangeView, RoleView } from '../../model/role-api.ts';
import type { HttpCall } from '../../runtime/network.ts';
import { jsonAnswer, runFake, type Answerer, type Ran } from '../fake-cli.ts';
import { processRuntime } from '../process-runtime.ts';

const runtime = processRuntime('', 'silent');
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wk-cli-'));
  await writeFile(join(folder, 'authority.pem'), 'PEM');
});
after(() => rm(folder, { recursive: true }));

const environment = { WK_SERVER: 'https://m1:1', WK_TOKEN: 'wkt', WK_AUTHORITY: 'authority.pem' };

function run(line: string, answer: Answerer): Promise<Ran> {
  return runFake(line.split(' '), { runtime, workingDirectory: folder, environment, answer });
}

const name = 'virtual-interface/front';

function roleView(change: Partial<RoleView> = {}): RoleView {
  const server = { healthy: true, because: '', lastHeartbeatMs: 1_700_000_000_000 };
  return {
    role: name,
    holder: 'id1',
    holderName: 'm1',
    epoch: 3,
    sinceMs: 1_700_000_000_000,
    because: 'first holder',
    carrier: 'listen',
    address: '127.0.0.1:7100',
    failback: 'manual',
    settleMs: 60_000,
    pinned: null,
    movingTo: null,
    servers: [
      { coreId: 'id1', name: 'm1', place: 1, state: 'active', ...server },
      { coreId: 'id2', name: 'm2', place: null, state: 'passive', ...server },
    ],
    ...change,
  };
}

function changeView(change: Partial<RoleChangeView> = {}): RoleChangeView {
  return {
    role: name,
    epoch: 4,
    holder: 'id2',
    holderName: 'm2',
    atMs: 1_700_000_000_000,
    because: 'moved by an operator',
    planned: true,
    from: 'id1',
    fromName: 'm1',
    fromEpoch: 3,
    unheldMs: 41,
    positions: {},
    ...change,
  };
}

/** Held by m1; some looks after it was asked to move, `then` is what the pool shows. */
function movingPool(then: Partial<RoleView>, calls: HttpCall[] = []): Answerer {
  let looks = 0;
  let isAsked = false;
  return (call) => {
    calls.push(call);
    const { pathname } = new URL(call.url);
    if (pathname.endsWith('/history')) return jsonAnswer({ changes: [changeView()] });
    if (call.method === 'POST') {
      isAsked = true;
      return jsonAnswer(roleView({ movingTo: { coreId: 'id2', name: 'm2' } }));
    }
    return jsonAnswer(roleView(isAsked && ++looks > 2 ? then : {}));
  };
}

test('move: waits until it has happened and says how long nobody held it', async () => {
  const calls: HttpCall[] = [];
  const there = { holder: 'id2', holderName: 'm2', epoch: 4 };
  const { exitCode, stdout, stderr } = await run(`role move ${name} m2`, movingPool(there, calls));
  assert.equal(exitCode, 0, stderr);
  assert.equal(stdout, '');
  assert.equal(
    stderr,
    `${name} moved from m1 to m2: moved by an operator; nobody held it for 41 ms (epoch 4)\n`,
  );
  const post = calls.find(({ method }) => method === 'POST');
  assert.equal(new URL(post?.url ?? '').pathname, '/api/v1/roles/virtual-interface%2Ffront');
  assert.deepEqual(JSON.parse(String(post?.body)), { kind: 'move', server: 'm2' });
});

test('move: a role that went elsewhere, or nowhere in time, is said', async () => {
  const elsewhere = {
    holder: 'id3',
    holderName: 'm3',
    epoch: 4,
    because: 'holder lost its session',
  } as const;
  const overtaken = await run(`role move ${name} m2`, movingPool(elsewhere));
  assert.equal(overtaken.exitCode, 6);
  assert.match(overtaken.stderr, /went to m3 instead of m2: holder lost its session/);
  const late = await run(`role move ${name} m2 --timeout 200ms`, movingPool({}));
  assert.equal(late.exitCode, 124);
  assert.match(late.stderr, /not held by m2 after 200 ms/);
});

test('move to who holds it already changes nothing', async () => {
  const { exitCode, stderr } = await run(`role move ${name} m1`, () => jsonAnswer(roleView()));
  assert.equal(exitCode, 0);
  assert.match(stderr, /held by m1 already/);
});

test('pin to a server that is away says that it will go there', async () => {
  const [m1, m2] = roleView().servers;
  assert.ok(m1 && m2);
  const away = { ...m2, state: 'offline', healthy: false, because: 'no sign of life' } as const;
  const answer = roleView({ servers: [m1, away], pinned: { coreId: 'id2', name: 'm2' } });
  const { exitCode, stderr } = await run(`role pin ${name} m2`, () => jsonAnswer(answer));
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /pinned to m2\nm2 cannot take it now \(no sign of life\)/);
});

test('failback and order: what is asked for, and what it means', async () => {
  const calls: HttpCall[] = [];
  const answer: Answerer = (call) => {
    calls.push(call);
    return jsonAnswer(roleView({ failback: 'automatic', settleMs: 5_000 }));
  };
  const failback = await run(`role failback ${name} automatic --settle 5s`, answer);
  assert.match(failback.stderr, /goes back to the preferred server when that was well for 5\.0 s/);
  await run(`role order ${name} m2 m1`, answer);
  assert.deepEqual(
    calls.map(({ body }) => JSON.parse(String(body)) as unknown),
    [
      { kind: 'failback', failback: 'automatic', settleMs: 5_000 },
      { kind: 'order', servers: ['m2', 'm1'] },
    ],
  );
  assert.equal((await run(`role failback ${name} sometimes`, answer)).exitCode, 2);
});

test('history: one role, or all of them with the newest first', async () => {
  const answer: Answerer = (call) => {
    const { pathname } = new URL(call.url);
    if (!pathname.endsWith('/history'))
      return jsonAnswer({ roles: [roleView(), roleView({ role: 'acting' })] });
    const isActing = pathname.includes('/acting/');
    return jsonAnswer({
      changes: [isActing ? changeView({ role: 'acting', atMs: 1_700_000_001_000 }) : changeView()],
    });
  };
  const all = await run('role history --color never', answer);
  assert.equal(all.exitCode, 0, all.stderr);
  assert.match(
    all.stdout,
    /TIME .*ROLE .*UNHELD .*BECAUSE\n.* acting .*41 ms .*moved by an operator\n.*front/,
  );
  const one = await run(`role history ${name} --json`, answer);
  assert.deepEqual(JSON.parse(one.stdout), { changes: [changeView()] });
  assert.equal((await run('role history --limit 0', answer)).exitCode, 2);
});

test('show and list: people see names and states', async () => {
  const show = await run(`role show ${name} --color never`, () => jsonAnswer(roleView()));
  assert.match(show.stdout, /holder\s+m1\n/);
  assert.match(show.stdout, /address\s+127\.0\.0\.1:7100, by listen\n/);
  assert.match(show.stdout, /1 +m1 +active/);
  const list = await run('role list --color never', () => jsonAnswer({ roles: [roleView()] }));
  assert.match(list.stdout, /virtual-interface\/front +m1 +3 .* m1 +manual +- +first holder/);
});

/** A pool of m1, which holds the role, and m2. Once m1 is killed m2 takes it, and m1 is back some looks later. */
function drilledPool(calls: HttpCall[], refusal: string | null = null): Answerer {
  let looks = 0;
  let isKilled = false;
  return (call) => {
    calls.push(call);
    const { pathname } = new URL(call.url);
    if (pathname.endsWith('/drill')) {
      if (refusal !== null)
        return jsonAnswer({ error: { code: 'WK_CONFLICT', text: refusal, retry: false } }, 409);
      isKilled = true;
      // Who was asked was killed before it could answer.
      throw new WatchError('WK_UNREACHABLE');
    }
    if (pathname.endsWith('/history'))
      return jsonAnswer({
        changes: isKilled ? [changeView({ because: 'killed in a drill', planned: false })] : [],
      });
    if (pathname.endsWith('/roles'))
      return jsonAnswer({ roles: [roleView(), roleView({ role: 'acting', holder: 'id2' })] });
    return jsonAnswer(drillStatus(isKilled && ++looks < 3 ? 'offline' : 'active', isKilled ? 12 : 10));
  };
}

function drillStatus(state: 'active' | 'offline', total: number): unknown {
  const counts = { unknown: 0, normal: 0, warning: 0, minor: 0, major: total, critical: 0 };
  const none = { ...counts, major: 0 };
  const member = (number: number) => ({
    coreId: `id${number}`,
    name: `m${number}`,
    url: `https://m${number}:1`,
    addresses: [],
    rank: number,
    duty: null,
    state: number === 1 ? state : 'active',
    healthy: true,
    because: state === 'offline' ? 'no sign of life' : '',
    sinceMs: null,
    lastHeartbeatMs: null,
    version: '1',
    lagEntries: 0,
    positions: null,
  });
  return {
    pool: { id: 'p', name: 'pool' },
    server: { coreId: 'id2', name: 'm2', version: '1', origin: 'o', positions: {}, stateHash: '' },
    coordinator: { reachable: true, kind: 'etcd' },
    atRisk: { is: false, because: '' },
    members: [member(1), member(2)],
    roles: [],
    messages: { total, open: counts, acknowledged: none },
  };
}

test('drill: kills the holder, and says who took over, for how long nobody did, and that all is whole', async () => {
  const calls: HttpCall[] = [];
  const { exitCode, stderr } = await run(`role drill ${name}`, drilledPool(calls));
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /^m1 is killed; it held virtual-interface\/front\n/);
  assert.match(stderr, /moved from m1 to m2: killed in a drill; nobody held it for 41 ms \(epoch 4\)/);
  assert.match(stderr, /m1 was back after .*\nmessages stored: 10 before, 12 now, on each of 2 servers\n$/);
  const post = calls.find(({ method }) => method === 'POST');
  assert.deepEqual(JSON.parse(String(post?.body)), { epoch: 3 });
  const { stdout } = await run(`role drill ${name} --json`, drilledPool([]));
  const told = JSON.parse(stdout);
  assert.deepEqual(
    [told.holder, told.changes[0].holderName, told.messages],
    ['m1', 'm2', { before: 10, after: 12 }],
  );
});

test('drill: only looked at, refused, or of a role that there is not', async () => {
  const calls: HttpCall[] = [];
  const looked = await run(`role drill ${name} --dry-run`, drilledPool(calls));
  assert.equal(looked.stderr, 'm1 would be killed; it holds virtual-interface/front\n');
  assert.ok(calls.every(({ method }) => method !== 'POST'));
  const refused = await run(`role drill ${name}`, drilledPool([], 'the pool is at risk already: m2 is away'));
  assert.equal(refused.exitCode, 6);
  assert.match(refused.stderr, /the pool is at risk already: m2 is away/);
  assert.notEqual((await run('role drill nothing', drilledPool([]))).exitCode, 0);
});
