import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore } from '../../coordination/memory.ts';
import { actingRole, keys } from '../../model/definitions.ts';
import { doubts } from './lease-lineage.ts';
import { initialLease } from './lease-state.ts';
import { rival, rivalSession, Stage, us } from './lease-stage.ts';
import { beliefMs, rivalWaitMs, timingsDefault as timings } from './timings.ts';

const lineage = '00000000-0000-4000-8000-0000000000aa';
const confirmed = '00000000-0000-4000-8000-0000000000bb';

/** Holds the role in a pool whose coordinator is then put back to what it was before. */
class Restored extends Stage {
  readonly grantedMs: number;

  constructor() {
    super();
    this.start();
    const backup = this.store.list('').items;
    this.pass(20_000);
    this.grantedMs = this.monotonicMs;
    this.store = new MemoryStore();
    for (const { key, value } of backup) this.put(key, JSON.parse(value));
  }

  confirm(before: readonly string[] = [lineage]): void {
    const pool = JSON.parse(this.store.get(keys.pool)?.value ?? '{}') as object;
    this.put(keys.pool, { ...pool, lineage: confirmed, before });
    this.look();
  }
}

test('a coordinator that went back is asked nothing more, and the holder stops at its deadline', () => {
  const stage = new Restored();
  stage.pass(1_000);
  assert.equal(stage.state.doubt, doubts.back);
  const { revision } = stage.store.list('');
  assert.ok(stage.state.held.has(actingRole), 'the members may still confirm it');
  stage.pass(beliefMs(timings));
  assert.equal(stage.state.held.size, 0);
  stage.pass(60_000);
  assert.equal(stage.store.list('').revision, revision, 'nothing is written');
});

test('once confirmed, what was held is taken again at once, under a higher epoch', () => {
  const stage = new Restored();
  stage.pass(1_000);
  const { epoch } = stage.state.held.get(actingRole) ?? {};
  stage.effects = [];
  stage.confirm();
  assert.deepEqual(stage.effects.filter(({ kind }) => kind === 'look again').length, 1);
  const dropped = stage.effects.find((effect) => effect.kind === 'changed');
  assert.deepEqual(
    [dropped?.change.change, dropped?.change.because],
    ['dropped', 'coordinator was restored'],
  );
  stage.look();
  stage.pass(100);
  assert.ok((stage.state.held.get(actingRole)?.epoch ?? 0) > (epoch ?? 0));
});

test('once confirmed, what others may have held is left alone until their belief is over', () => {
  const stage = new Restored();
  stage.pass(5_000);
  assert.equal(stage.state.held.size, 0);
  stage.confirm();
  stage.look();
  stage.pass(rivalWaitMs(timings.ttlMs, timings.rho) - 100);
  assert.equal(stage.state.held.size, 0);
  stage.pass(200);
  assert.ok(stage.state.held.has(actingRole));
});

test('an empty coordinator and one of another lineage are doubted, and a lineage that follows is not', () => {
  for (const [pool, doubt] of [
    [null, doubts.lost],
    [{ lineage: confirmed }, doubts.other],
    [{ lineage: confirmed, before: [confirmed] }, doubts.other],
    [{ lineage: confirmed, before: [lineage] }, null],
  ] as const) {
    const stage = new Stage().start();
    const now = JSON.parse(stage.store.get(keys.pool)?.value ?? '{}') as object;
    if (pool === null) stage.store.transact({ conditions: [], writes: [{ key: keys.pool, value: null }] });
    else stage.put(keys.pool, { ...now, ...pool });
    stage.look();
    assert.equal(stage.state.doubt, doubt);
  }
});

test('one stale read is no reason to doubt: a write shows that nothing was lost', () => {
  const stage = new Stage().start();
  stage.pass(5_000);
  stage.do({ kind: 'view', whole: 'session', asOf: 2, items: [] });
  assert.equal(stage.state.doubt, null);
  assert.ok(stage.effects.some(({ kind }) => kind === 'look again'));
  stage.look();
  stage.pass(5_000);
  assert.ok(stage.state.held.has(actingRole));
});

test('who starts with the memory of a later revision doubts as well', () => {
  const stage = new Stage();
  stage.state = { ...stage.state, lineage, highest: 1_000 };
  stage.look();
  stage.do({ kind: 'tick' });
  assert.equal(stage.state.doubt, doubts.back);
});

test('in doubt a member lets a holder keep what it has', () => {
  const stage = new Restored();
  stage.put(keys.session(rival), rivalSession());
  stage.pass(1_000);
  const asked = { kind: 'asked', from: rival, round: 1, incarnation: 'x', ttlMs: 3_000 } as const;
  const effects = stage.do({ kind: 'server said', message: asked });
  assert.equal(effects.find((effect) => effect.kind === 'answer')?.promised, true);
  assert.equal(stage.session().coreId, us);
});

test("one's own record with an older revision proves it too, when others have written as much as was lost", () => {
  for (const noted of [false, true]) {
    const stage = new Restored();
    const { highest, sessionRevision } = stage.state;
    assert.ok(sessionRevision > 0);
    while (stage.store.list('').revision < highest + 10) stage.put('probes/x', {});
    if (noted) {
      const config = {
        coreId: us,
        timings,
        version: '1',
        run: 's',
        lineage,
        revision: highest,
        sessionRevision,
      };
      stage.state = initialLease(config);
      stage.look();
    }
    stage.pass(1_000);
    assert.equal(stage.state.doubt, doubts.back, noted ? 'after a restart' : 'while running');
  }
});

test("another member's record or a role's with an older revision proves it, one that is gone only of a session", () => {
  const records = [
    { kind: 'session', coreId: rival, session: null },
    { kind: 'holder', role: actingRole, holder: null },
  ] as const;
  for (const record of records)
    for (const revision of [0, 1]) {
      const stage = new Stage().start();
      stage.put(keys.session(rival), rivalSession());
      stage.look();
      stage.put('probes/x', {});
      const { revision: asOf } = stage.store.list('');
      stage.do({ kind: 'view', whole: null, asOf, items: [{ ...record, revision, asOf }] });
      const isProven = record.kind === 'session' || revision > 0;
      assert.equal(stage.state.doubt, isProven ? doubts.back : null, `${record.kind} ${revision}`);
    }
});
