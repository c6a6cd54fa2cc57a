import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actingRole, keys, type RoleDefinition } from '../../model/definitions.ts';
import { rival, rivalSession, Stage, us } from './lease-stage.ts';
import { beliefMs, timingsDefault as timings } from './timings.ts';

test('a fit server takes the role under epoch 1 and gets a deadline inside the time to live', () => {
  const stage = new Stage().start();
  assert.deepEqual(stage.lastGrants(), [
    {
      role: actingRole,
      epoch: 1,
      deadlineMs: 1_000 + beliefMs(timings),
      because: 'first holder',
      before: { holder: null, epoch: 0, freeSinceMs: null },
    },
  ]);
});

test('the epoch is above the highest that any member has stored', () => {
  const stage = new Stage();
  stage.look();
  stage.do({ kind: 'server started', process: { pid: 1, startTicks: 1, bootId: 'b' } });
  stage.alive({ epochs: { [actingRole]: 41 } });
  assert.equal(stage.holder().epoch, 42);
  stage.alive({ epochs: { [actingRole]: 50 } });
  stage.do({ kind: 'server said', message: { kind: 'released', role: actingRole, epoch: 42 } });
  assert.equal(stage.holder().epoch, 51);
});

test('renewed every half second while the coordinator answers; dropped at the deadline while it does not', () => {
  const stage = new Stage().start();
  stage.pass(10_000);
  assert.ok(Math.abs(stage.session().renewals - 22) <= 2);
  stage.away = true;
  stage.pass(2_000);
  assert.ok(stage.state.held.has(actingRole));
  stage.pass(1_000);
  assert.equal(stage.state.held.size, 0);
  assert.deepEqual(stage.lastGrants(), []);
  const before = stage.holder();
  stage.away = false;
  stage.pass(1_000);
  assert.ok(stage.state.held.has(actingRole));
  assert.equal(stage.holder().epoch, before.epoch + 1);
  assert.equal(stage.holder().because, 'holder regained its session');
});

test('after the machine slept everything is dropped first, and asked for then', () => {
  const stage = new Stage().start();
  stage.wallMs += 60_000;
  const effects = stage.do({ kind: 'tick' });
  const first = effects.findIndex((effect) => effect.kind === 'grant' && effect.grants.length === 0);
  assert.ok(first >= 0, 'the server is told at once');
  stage.pass(300);
  assert.ok(stage.state.held.has(actingRole));
  assert.equal(stage.holder().epoch, 2);
});

test('a wall clock that is set back or a little ahead moves nothing', () => {
  const stage = new Stage().start();
  for (const byMs of [-3_600_000, 1_000]) {
    stage.wallMs += byMs;
    stage.pass(2_000);
    assert.equal(stage.holder().epoch, 1);
  }
});

test('a silent server is killed, and its role goes at its death', () => {
  const stage = new Stage().start();
  stage.kinds();
  stage.pass(timings.hungAfterMs + 50, true);
  assert.ok(stage.kinds().includes('kill server'));
  assert.equal(stage.holder().holder, us);
  stage.do({ kind: 'server ended' });
  assert.deepEqual([stage.holder().holder, stage.holder().because], [null, 'server process hung']);
  assert.equal(stage.session().healthy, false);
});

test('in a drill the server process is killed once, for the epoch that was seen and no other', () => {
  const stage = new Stage().start();
  const epoch = stage.holder().epoch;
  const drill = (of: number): void => {
    stage.put(keys.role(actingRole), { ...stage.definition(), drill: { epoch: of } });
    stage.look();
    stage.pass(200);
  };
  stage.kinds();
  drill(epoch + 1);
  drill(epoch - 1);
  assert.ok(!stage.kinds().includes('kill server'));
  drill(epoch);
  assert.equal(stage.kinds().filter((kind) => kind === 'kill server').length, 1);
  stage.do({ kind: 'server ended' });
  assert.deepEqual([stage.holder().holder, stage.holder().because], [null, 'killed in a drill']);
  stage.do({ kind: 'server started', process: { pid: 2, startTicks: 1, bootId: 'b' } });
  stage.pass(3_000);
  assert.deepEqual([stage.holder().holder, stage.holder().epoch], [us, epoch + 1]);
  assert.ok(!stage.kinds().includes('kill server'));
});

test('a silent server that does not die loses its role at its last deadline, which silence did not move', () => {
  const stage = new Stage().start();
  stage.pass(400 + beliefMs(timings) - 50, true);
  assert.equal(stage.holder().holder, us);
  stage.pass(150, true);
  assert.deepEqual([stage.holder().holder, stage.holder().because], [null, 'server process hung']);
});

test('when the keeper itself stood still the server is not blamed', () => {
  const stage = new Stage().start();
  stage.kinds();
  stage.monotonicMs += timings.hungAfterMs + 500;
  stage.wallMs += timings.hungAfterMs + 500;
  stage.do({ kind: 'tick' });
  assert.ok(!stage.kinds().includes('kill server'));
});

test('a dead server releases its role and says so in one transaction', () => {
  const stage = new Stage().start();
  const { revision } = stage.store.list('');
  stage.do({ kind: 'server ended' });
  assert.equal(stage.store.list('').revision, revision + 1);
  assert.deepEqual([stage.holder().holder, stage.holder().because], [null, 'server process ended']);
  assert.deepEqual([stage.session().healthy, stage.session().processes], [false, []]);
});

test('a rival is ended after its time and never before, then its role is taken and its port owner ended', () => {
  const stage = new Stage();
  const session = { ...rivalSession(), processes: [{ pid: 7, startTicks: 1, bootId: 'b' }] };
  const held = { role: actingRole, holder: rival, incarnation: 'x', epoch: 5, sinceMs: 0 };
  stage.put(keys.session(rival), session);
  stage.put(keys.holder(actingRole), { ...held, because: 'first holder' });
  stage.look();
  stage.do({ kind: 'server started', process: { pid: 1, startTicks: 1, bootId: 'b' } });
  stage.pass(3_000);
  assert.equal(stage.holder().holder, rival);
  stage.pass(150);
  assert.deepEqual([stage.holder().holder, stage.holder().epoch], [us, 6]);
  assert.equal(stage.holder().because, 'holder lost its session');
  const ended = stage.effects.find((effect) => effect.kind === 'end processes');
  assert.deepEqual(ended?.processes, session.processes);
});

test('stopping in order: the server lets go, the role is released, the session is ended', () => {
  const stage = new Stage().start();
  stage.kinds();
  stage.do({ kind: 'stop' });
  assert.deepEqual(stage.lastGrants(), []);
  assert.equal(stage.holder().holder, us);
  stage.do({ kind: 'server said', message: { kind: 'released', role: actingRole, epoch: 1 } });
  assert.deepEqual([stage.holder().holder, stage.holder().because], [null, 'server is stopping']);
  assert.equal(stage.session().ended, true);
  assert.equal(stage.kinds().at(-1), 'stopped');
});

test('stopping: a server that does not let go is killed, and a coordinator that is away is not waited for', () => {
  const stage = new Stage().start();
  stage.away = true;
  stage.kinds();
  stage.do({ kind: 'stop' });
  stage.pass(timings.stopBudgetMs + 50);
  assert.ok(stage.kinds().includes('kill server'));
  stage.do({ kind: 'server ended' });
  stage.pass(timings.ttlMs);
  assert.equal(stage.kinds().at(-1), 'stopped');
});

test('a role that is no longer defined is let go', () => {
  const stage = new Stage().start();
  stage.store.transact({ conditions: [], writes: [{ key: keys.role(actingRole), value: null }] });
  stage.look();
  stage.do({ kind: 'server said', message: { kind: 'released', role: actingRole, epoch: 1 } });
  assert.deepEqual([stage.holder().holder, stage.holder().because], [null, 'definition changed']);
});

/** The rival lives, is healthy, and is preferred; it renews whenever it is asked to. */
class WithRival extends Stage {
  renewals = 1;

  constructor(change: Partial<RoleDefinition>) {
    super();
    const base = { role: actingRole, order: [rival, us], failback: 'manual', pinned: null, carrier: null };
    this.put(keys.role(actingRole), { ...base, ...change });
  }

  rivalLives(durationMs: number): void {
    for (const endMs = this.monotonicMs + durationMs; this.monotonicMs < endMs;) {
      const session = { ...rivalSession(), renewals: ++this.renewals, origin: `${rival}.00000000` };
      this.put(keys.session(rival), session);
      this.look();
      this.pass(500);
    }
  }

  isAskedToLeave(): boolean {
    return this.state.held.get(actingRole)?.leaving !== null;
  }

  letGo(): void {
    this.do({ kind: 'server said', message: { kind: 'released', role: actingRole, epoch: 1 } });
  }
}

test('failback waits until the preferred server was well for the settle time, and says why it went', () => {
  const stage = new WithRival({ failback: 'automatic', settleMs: 10_000 }).start();
  stage.rivalLives(9_500);
  assert.equal(stage.isAskedToLeave(), false);
  stage.rivalLives(1_000);
  assert.equal(stage.isAskedToLeave(), true);
  stage.letGo();
  const { holder, because, previous, epoch } = stage.holder();
  assert.deepEqual([holder, because, previous, epoch], [null, 'failback to the preferred server', us, 1]);
});

test('a preferred server that was away meanwhile starts to settle anew', () => {
  const stage = new WithRival({ failback: 'automatic', settleMs: 10_000 }).start();
  stage.rivalLives(9_000);
  stage.pass(4_000);
  stage.rivalLives(9_000);
  assert.equal(stage.isAskedToLeave(), false);
  stage.rivalLives(1_500);
  assert.equal(stage.isAskedToLeave(), true);
});

test('a move counts for the epoch it was asked at: it happens once, and a later holder is left alone', () => {
  const stage = new WithRival({}).start();
  stage.rivalLives(1_000);
  const definition = { ...(stage.state.definitions.get(actingRole) as RoleDefinition) };
  stage.put(keys.role(actingRole), { ...definition, move: { to: rival, epoch: 0 } });
  stage.look();
  assert.equal(stage.isAskedToLeave(), false);
  stage.put(keys.role(actingRole), { ...definition, move: { to: rival, epoch: 1 } });
  stage.look();
  assert.equal(stage.isAskedToLeave(), true);
  stage.letGo();
  stage.pass(500);
  assert.deepEqual([stage.holder().holder, stage.holder().because], [null, 'moved by an operator']);
});

test('what the server is told of the last holder: who, under which epoch, and since when nobody held it', () => {
  const stage = new Stage();
  stage.put(keys.session(rival), rivalSession());
  const released = { role: actingRole, holder: null, incarnation: null, epoch: 5, previous: rival };
  stage.put(keys.holder(actingRole), { ...released, sinceMs: 999_000, because: 'moved by an operator' });
  stage.start();
  const grant = stage.effects.findLast((effect) => effect.kind === 'grant')?.grants[0];
  assert.deepEqual(grant?.before, { holder: rival, epoch: 5, freeSinceMs: 999_000 });
  assert.equal(grant.because, 'moved by an operator');
});

test('an address that its holder is told to move to us is made ready for once, and taken only when it is free', () => {
  const role = 'virtual-interface/front';
  const stage = new WithRival({}).start();
  const held = { role, holder: rival, incarnation: 'x', epoch: 7, sinceMs: 0, because: 'first holder' };
  stage.put(keys.holder(role), held);
  const place = { address: '10.0.0.50', port: 7_100, interface: 'eth0', interfaces: {} };
  const carrier = { kind: 'address', ...place };
  const definition = { role, order: [rival, us], failback: 'manual', pinned: null, carrier };
  stage.put(keys.role(role), definition);
  stage.rivalLives(500);
  stage.do({ kind: 'carrier fit', role, because: null });
  const expected = () => stage.effects.splice(0).filter(({ kind }) => kind === 'expect').length;
  assert.equal(expected(), 0);
  stage.put(keys.role(role), { ...definition, move: { to: us, epoch: 7 } });
  stage.look();
  stage.rivalLives(500);
  assert.deepEqual([expected(), stage.state.held.has(role)], [1, false]);
  stage.put(keys.holder(role), { ...held, holder: null, incarnation: null, because: 'moved by an operator' });
  stage.look();
  assert.deepEqual([expected(), stage.state.held.has(role)], [1, true]);
});

test('who hears no answers writes once and then only asks to read: its session falls silent with it', () => {
  const stage = new Stage().start();
  stage.pass(2_000);
  stage.away = true;
  stage.effects = [];
  stage.pass(30_000);
  assert.equal(stage.effects.filter(({ kind }) => kind === 'transact').length, 1);
  assert.ok(stage.effects.filter(({ kind }) => kind === 'read').length > 100);
});

test('what was dropped because a clock jumped is not released before the server process has let go of it', () => {
  const stage = new Stage().start();
  stage.pass(1_000);
  const { epoch } = stage.holder();
  stage.wallMs += 60_000;
  const role = JSON.parse(stage.store.get(keys.role(actingRole))?.value ?? '{}') as object;
  stage.put(keys.session(rival), rivalSession());
  stage.put(keys.role(actingRole), { ...role, pinned: rival });
  stage.look();
  stage.pass(700);
  assert.equal(stage.holder().holder, us, 'it may still act');
  stage.do({ kind: 'server said', message: { kind: 'released', role: actingRole, epoch } });
  stage.pass(600);
  assert.equal(stage.holder().holder, null);
});
