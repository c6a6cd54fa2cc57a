import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actingRole, keys } from '../../model/definitions.ts';
import type { ServerMessage } from '../grants.ts';
import { rival, rivalSession, Stage, us } from './lease-stage.ts';
import type { LeaseEffect } from './lease-state.ts';
import { beliefMs, rivalWaitMs, timingsDefault as timings } from './timings.ts';

type Ask = Extract<LeaseEffect, { kind: 'ask' }>;
const third = '00000000-0000-4000-8000-000000000003';

/** Holds the role in a pool of three whose coordinator has just gone; `answers` says what each member answers. */
class Outage extends Stage {
  answers: (member: string) => Partial<Extract<ServerMessage, { kind: 'confirmed' }>> | null = () => ({});
  readonly asked: Ask[] = [];

  constructor() {
    super();
    this.put(keys.server(third), {});
    this.start();
    this.away = true;
  }

  /** Questions are answered at the end of each 50 ms. */
  wait(durationMs: number): void {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 50) {
      this.pass(50);
      for (const effect of this.effects.splice(0)) if (effect.kind === 'ask') this.#answer(effect);
    }
  }

  #answer({ round, incarnation, members }: Ask): void {
    this.asked.push({ kind: 'ask', round, incarnation, ttlMs: timings.ttlMs, members });
    for (const from of members) {
      const answer = this.answers(from);
      const confirmed = { kind: 'confirmed', from, round, incarnation, promised: true, because: '' } as const;
      if (answer !== null) this.do({ kind: 'server said', message: { ...confirmed, ...answer } });
    }
  }
}

test('with the coordinator away a role is kept for as long as every member confirms it', () => {
  const stage = new Outage();
  stage.wait(60_000);
  assert.ok(stage.state.held.has(actingRole));
  assert.deepEqual(stage.asked[0]?.members, [rival, third]);
  assert.ok(Math.abs(stage.asked.length - 118) <= 8, `asked ${stage.asked.length} times in a minute`);
  stage.away = false;
  stage.wait(1_000);
  assert.deepEqual([stage.holder().holder, stage.holder().epoch], [us, 1]);
});

test('members are not asked while the coordinator answers', () => {
  const stage = new Outage();
  stage.away = false;
  stage.wait(20_000);
  assert.deepEqual(stage.asked, []);
});

for (const [what, answer] of [
  ['one member does not answer', null],
  ['one member refuses', { promised: false }],
  ['one member answers an earlier session', { incarnation: 'r.0' }],
  ['one member answers a question that was not asked', { round: 99 }],
] as const)
  test(`when ${what} the role ends at its deadline`, () => {
    const stage = new Outage();
    const grantedMs = stage.monotonicMs + beliefMs(timings);
    stage.answers = (member) => (member === third ? answer : {});
    while (stage.state.held.size > 0) stage.wait(50);
    assert.ok(stage.monotonicMs >= grantedMs && stage.monotonicMs < grantedMs + 100);
    assert.ok(stage.asked.length > 2);
  });

test('promises that come after the deadline bring nothing back', () => {
  const stage = new Outage();
  stage.answers = () => null;
  stage.wait(beliefMs(timings) + 100);
  assert.equal(stage.state.held.size, 0);
  stage.answers = () => ({});
  stage.wait(5_000);
  assert.equal(stage.state.held.size, 0);
});

test('belief counts from the question, not from the answer', () => {
  const stage = new Outage();
  const late: (() => void)[] = [];
  stage.answers = () => null;
  stage.wait(1_000);
  const [first] = stage.asked;
  assert.ok(first);
  const askedMs = stage.monotonicMs - 50;
  stage.wait(1_000);
  for (const from of first.members) {
    const { round, incarnation } = first;
    late.push(() =>
      stage.do({
        kind: 'server said',
        message: { kind: 'confirmed', from, round, incarnation, promised: true, because: '' },
      }),
    );
  }
  for (const answer of late) answer();
  const untilMs = stage.effects.findLast((effect) => effect.kind === 'grant')?.grants[0]?.deadlineMs ?? 0;
  assert.ok(Math.abs(untilMs - askedMs - beliefMs(timings)) <= 50, `${untilMs - askedMs}`);
});

test('whoever our record named is asked, also one that was removed since', () => {
  const stage = new Outage();
  stage.store.transact({ conditions: [], writes: [{ key: keys.server(third), value: null }] });
  stage.look();
  stage.wait(1_500);
  assert.deepEqual(stage.asked[0]?.members, [rival, third]);
});

/** The rival holds the role and asks; we are the ones who might take it. */
class Asked extends Stage {
  constructor(asks: readonly string[] | undefined = [us]) {
    super();
    this.put(keys.session(rival), { ...rivalSession(), ...(asks && { asks }) });
    const held = { role: actingRole, holder: rival, incarnation: 'x', epoch: 5, sinceMs: 0 };
    this.put(keys.holder(actingRole), { ...held, because: 'first holder' });
    this.look();
    this.do({ kind: 'server started', process: { pid: 1, startTicks: 1, bootId: 'b' } });
    this.alive();
  }

  ask(change: Partial<Extract<ServerMessage, { kind: 'asked' }>> = {}): [boolean, string] {
    const asked = { kind: 'asked', from: rival, round: 7, incarnation: 'x', ttlMs: timings.ttlMs } as const;
    const effects = this.do({ kind: 'server said', message: { ...asked, ...change } });
    const answer = effects.find((effect) => effect.kind === 'answer');
    assert.ok(answer);
    assert.deepEqual([answer.to, answer.round, answer.incarnation], [rival, 7, change.incarnation ?? 'x']);
    return [answer.promised, answer.because];
  }
}

test('nothing is promised while the coordinator answers here', () => {
  const stage = new Asked();
  stage.pass(1_000);
  assert.deepEqual(stage.ask(), [false, 'the coordinator answers here']);
});

test('who promised takes nothing for the time to live and what clocks may differ by, and takes it then', () => {
  const stage = new Asked();
  stage.pass(500);
  stage.away = true;
  stage.pass(10_000);
  assert.deepEqual(stage.ask(), [true, 'promised']);
  stage.away = false;
  const untilMs = stage.monotonicMs + rivalWaitMs(timings.ttlMs, timings.rho);
  while (stage.monotonicMs < untilMs - 50) {
    stage.pass(50);
    assert.equal(stage.holder().holder, rival);
  }
  stage.pass(150);
  assert.deepEqual([stage.holder().holder, stage.holder().epoch], [us, 6]);
});

test('a longer time to live of who asks is what counts', () => {
  const stage = new Asked();
  stage.away = true;
  stage.pass(10_000);
  assert.deepEqual(stage.ask({ ttlMs: 20_000 }), [true, 'promised']);
  stage.away = false;
  stage.pass(20_000);
  assert.equal(stage.holder().holder, rival);
  stage.pass(600);
  assert.equal(stage.holder().holder, us);
});

test('a session that has ended is promised nothing', () => {
  const stage = new Asked();
  stage.pass(3_200);
  assert.equal(stage.holder().holder, us);
  stage.away = true;
  stage.pass(10_000);
  assert.deepEqual(stage.ask(), [false, 'its session has ended']);
});

test('who is not asked by a holder never takes from it', () => {
  const stage = new Asked([third]);
  stage.pass(30_000);
  assert.equal(stage.holder().holder, rival);
});
