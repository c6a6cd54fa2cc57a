import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore, type StoreCopy } from '../../coordination/memory.ts';
import { actingRole, keys } from '../../model/definitions.ts';
import type { ServerMessage } from '../grants.ts';
import type { LeaseConfig } from './lease-state.ts';
import { initialLease } from './lease-state.ts';
import { doubts } from './lease-lineage.ts';
import { isWaiting } from './lease-standing.ts';
import { rival, rivalSession, Stage, us } from './lease-stage.ts';
import { timingsDefault as timings } from './timings.ts';

type Stands = Extract<ServerMessage, { kind: 'stands' }>;

const lineage = '00000000-0000-4000-8000-0000000000aa';
const newer = '00000000-0000-4000-8000-0000000000bb';
const foreign = '00000000-0000-4000-8000-0000000000cc';

/** A keeper that reckons with a coordinator that is not what it was. */
class Cautious extends Stage {
  constructor(known: Partial<LeaseConfig> = {}) {
    super();
    const config = {
      coreId: us,
      timings,
      version: '1',
      run: 'r',
      isCautious: true,
      memoryMs: 10_000,
      ...known,
    };
    this.state = initialLease(config);
  }

  begin(): this {
    this.look();
    this.do({ kind: 'server started', process: { pid: 1, startTicks: 1, bootId: 'b' } });
    this.alive();
    this.pass(5_000);
    return this;
  }

  hear(stands: Partial<Omit<Stands, 'kind' | 'from'>> = {}): void {
    const said = { lineage, before: [], revision: 1, session: 0, endpoints: [], ...stands };
    this.do({ kind: 'server said', message: { kind: 'stands', from: rival, ...said } });
    this.pass(200);
  }

  get holds(): boolean {
    return this.state.held.has(actingRole);
  }
}

test('who starts takes nothing before it has heard a majority of the members', () => {
  const stage = new Cautious().begin();
  assert.deepEqual([stage.holds, isWaiting(stage.state)], [false, true]);
  stage.hear();
  assert.deepEqual([stage.holds, isWaiting(stage.state)], [true, false]);
});

test('a witness that follows the same coordinator is a member, and so is this server', () => {
  const stage = new Cautious().begin();
  stage.do({ kind: 'witnesses', listed: 1, heard: 0, memoryMs: 10_000 });
  stage.pass(1_000);
  assert.ok(!stage.holds, 'one of three');
  stage.do({ kind: 'witnesses', listed: 1, heard: 1, memoryMs: 10_000 });
  stage.pass(1_000);
  assert.ok(stage.holds, 'two of three');
});

test('a pool of one server waits for nobody', () => {
  const stage = new Cautious();
  stage.store.transact({ conditions: [], writes: [{ key: keys.server(rival), value: null }] });
  assert.ok(stage.begin().holds);
});

test('who was alone and away for a moment goes on with what it knew, and nobody does who was not, or away for long', () => {
  for (const [awayMs, wasAlone, holds] of [
    [1_000, true, true],
    [1_000, false, false],
    [11_000, true, false],
    [-1, true, false],
    [null, true, false],
  ] as const) {
    const stage = new Cautious({ lineage, awayMs, wasAlone }).begin();
    assert.equal(stage.holds, holds, `${awayMs} ${wasAlone}`);
  }
});

/** Holds the role and is not alone: the rival renews, writes and tells until it is cut off. */
class InTouch extends Cautious {
  renewals = 1;

  constructor() {
    super();
    this.begin();
    this.live(4_000);
    assert.ok(this.holds);
  }

  /** The rival's session as it was last written. */
  get rivalRevision(): number {
    return this.store.get(keys.session(rival))?.revision ?? 0;
  }

  renewRival(): void {
    this.put(keys.session(rival), { ...rivalSession(), renewals: (this.renewals += 1) });
  }

  live(durationMs: number): void {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 500) {
      this.renewRival();
      this.look();
      this.hear({ session: this.rivalRevision });
      this.pass(300);
    }
  }

  /** Nothing of the coordinator for so long; then it is back, and everything was read anew. */
  lose(durationMs: number): void {
    this.away = true;
    this.pass(durationMs);
    this.away = false;
    this.effects = [];
    this.pass(600);
    if (this.effects.some(({ kind }) => kind === 'look again')) this.look();
  }

  /** Put back, and others have written since: the number alone shows nothing. */
  restore(backup: StoreCopy): void {
    const ahead = this.store.list('').revision;
    this.store.restore(backup);
    while (this.store.list('').revision < ahead + 10) this.put('probes/x', {});
  }
}

test('a coordinator that was away for two seconds costs nothing', () => {
  const stage = new InTouch();
  stage.lose(2_000);
  assert.deepEqual([stage.state.isTrusted, stage.holds], [true, true]);
});

test('back in touch after longer, no role is taken before members vouch for what is found', () => {
  const stage = new InTouch();
  stage.lose(6_000);
  assert.deepEqual([stage.holds, isWaiting(stage.state)], [false, true]);
  assert.ok(stage.rivalRevision < stage.store.list('').revision, 'it renews');
  stage.pass(60_000);
  assert.ok(!stage.holds, 'what was told before counts no more');
  stage.hear({ session: stage.rivalRevision });
  assert.deepEqual([stage.holds, isWaiting(stage.state)], [true, false]);
});

test('what was told too long ago vouches for nothing, nor what came in this moment', () => {
  const stage = new InTouch();
  stage.lose(6_000);
  const said = { lineage, before: [], revision: 1, session: stage.rivalRevision, endpoints: [] };
  stage.do({ kind: 'server said', message: { kind: 'stands', from: rival, ...said } });
  assert.ok(!stage.holds, 'after a cut the oldest comes first');
  stage.pass(200);
  assert.ok(stage.holds);
});

test('a member that wrote its session later than the coordinator has it proves that it was put back, however high it counts', () => {
  const stage = new InTouch();
  stage.away = true;
  stage.pass(1_000);
  const backup = stage.store.copy();
  stage.renewRival();
  const session = stage.rivalRevision;
  stage.pass(5_000);
  stage.restore(backup);
  stage.lose(100);
  assert.deepEqual([stage.state.doubt, stage.holds], [null, false], 'by itself it cannot know');
  stage.hear({ session, revision: 1 });
  assert.deepEqual([stage.state.doubt, stage.holds], [doubts.back, false]);
});

test('a pool whose other servers were silent goes on alone after a short break, and not after a long one', () => {
  for (const [brokenMs, holds] of [
    [6_000, true],
    [12_000, false],
  ] as const) {
    const stage = new InTouch();
    stage.pass(5_000);
    stage.lose(brokenMs);
    stage.pass(4_000);
    assert.equal(stage.holds, holds, String(brokenMs));
  }
});

test('who heard of a higher revision than the coordinator then reaches doubts it, and takes nothing', () => {
  const stage = new Cautious().begin();
  stage.hear({ revision: 1_000 });
  stage.pass(1_000);
  assert.equal(stage.state.doubt, doubts.back);
  assert.ok(!stage.holds);
});

test('a member that is only a little ahead is no reason to doubt', () => {
  const stage = new Cautious().begin();
  stage.hear();
  for (let turn = 0; turn < 50; turn++) {
    stage.hear({ revision: stage.store.list('').revision });
    stage.pass(100);
  }
  assert.deepEqual([stage.state.doubt, stage.holds], [null, true]);
});

test('when the others have gone on with another coordinator all is dropped at once, and that one is followed', () => {
  const stage = new Cautious().begin();
  stage.hear();
  assert.ok(stage.holds);
  stage.effects = [];
  const endpoints = ['https://m2:2379'];
  stage.hear({ lineage: newer, before: [lineage], endpoints });
  assert.deepEqual([stage.state.doubt, stage.holds], [doubts.superseded, false]);
  assert.deepEqual(
    stage.effects.find(({ kind }) => kind === 'follow'),
    { kind: 'follow', lineage: newer, endpoints },
  );
  const { revision } = stage.store.list('');
  stage.pass(10_000);
  assert.equal(stage.store.list('').revision, revision, 'nothing is asked of the old one');

  // The way to the new one is found.
  const definitions = stage.store.list('').items.filter(({ key }) => !key.startsWith(keys.sessions));
  stage.store = new MemoryStore();
  for (const { key, value } of definitions) stage.put(key, JSON.parse(value));
  const pool = JSON.parse(stage.store.get(keys.pool)?.value ?? '{}') as object;
  stage.put(keys.pool, { ...pool, lineage: newer, before: [lineage] });
  stage.look();
  stage.look();
  assert.equal(stage.state.doubt, null);
  stage.pass(10_000);
  assert.ok(stage.holds, 'once everybody has stopped for sure');
});

test('who still follows what we went on from changes nothing, and one of another kind is doubted', () => {
  const stage = new Cautious();
  const pool = JSON.parse(stage.store.get(keys.pool)?.value ?? '{}') as object;
  stage.put(keys.pool, { ...pool, lineage: newer, before: [lineage] });
  stage.begin();
  stage.hear();
  assert.deepEqual([stage.state.doubt, stage.holds], [null, false]);
  stage.hear({ lineage: foreign });
  assert.equal(stage.state.doubt, doubts.apart);
});

test('whoever starts anew knows what its lineage goes on from only when it has read it', () => {
  const stage = new Cautious({ lineage: newer });
  const pool = JSON.parse(stage.store.get(keys.pool)?.value ?? '{}') as object;
  stage.put(keys.pool, { ...pool, lineage: newer, before: [lineage] });
  stage.do({ kind: 'server started', process: { pid: 1, startTicks: 1, bootId: 'b' } });
  stage.hear();
  assert.equal(stage.state.doubt, null, 'before it has seen the pool');
  stage.begin();
  stage.hear();
  assert.equal(stage.state.doubt, null, 'one that lags behind is no stranger');
  stage.hear({ lineage: foreign });
  assert.equal(stage.state.doubt, doubts.apart);
});

test('who is in doubt reads the coordinator anew now and then, since a confirmation may have passed unheard', () => {
  const stage = new Cautious().begin();
  stage.hear();
  stage.hear({ lineage: newer, before: [lineage] });
  assert.equal(stage.state.doubt, doubts.superseded);
  stage.effects = [];
  stage.pass(12_000);
  assert.equal(stage.kinds().filter((kind) => kind === 'look again').length, 2);
  const pool = JSON.parse(stage.store.get(keys.pool)?.value ?? '{}') as object;
  stage.put(keys.pool, { ...pool, lineage: newer, before: [lineage] });
  stage.look();
  assert.equal(stage.state.doubt, null);
  stage.effects = [];
  stage.pass(12_000);
  assert.ok(!stage.kinds().includes('look again'), 'no longer');
});

test('members are told once a second, and at once when it is another coordinator', () => {
  const stage = new Cautious().begin();
  stage.effects = [];
  stage.pass(3_000);
  const told = stage.effects.filter((effect) => effect.kind === 'tell');
  assert.equal(told.length, 3);
  assert.deepEqual([told[0]?.lineage, told[0]?.before], [lineage, []]);
  assert.ok((told[2]?.revision ?? 0) > (told[0]?.revision ?? 0));
});
