import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keys, type Holder, type RoleDefinition } from '../../model/definitions.ts';
import type { Released } from '../grants.ts';
import { rival, rivalSession, Stage, us } from './lease-stage.ts';

const role = 'virtual-interface/main';
const lineage = '00000000-0000-4000-8000-0000000000aa';
const definition: RoleDefinition = {
  role,
  order: [us],
  failback: 'manual',
  pinned: null,
  carrier: { kind: 'address', address: '192.0.2.1', port: 1, interface: 'eth0', interfaces: {} },
};

/** A role with an address, and a rival that is alive and tells where it stands. */
class Carrying extends Stage {
  renewals = 1;

  constructor() {
    super();
    this.put(keys.role(role), definition);
    this.renewRival();
    this.start();
    this.do({ kind: 'carrier fit', role, because: null });
    this.live(1_000);
  }

  renewRival(): void {
    this.put(keys.session(rival), { ...rivalSession(), renewals: (this.renewals += 1) });
  }

  live(durationMs: number): void {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 500) {
      this.renewRival();
      this.look();
      this.tells();
      this.pass(500);
    }
  }

  tells(released?: readonly Released[]): void {
    const known = { lineage, before: [], revision: 1, session: 0, endpoints: [] };
    const freed = released === undefined ? {} : { released: [...released] };
    this.do({ kind: 'server said', message: { kind: 'stands', from: rival, ...known, ...freed } });
  }

  define(change: Partial<RoleDefinition>): void {
    this.put(keys.role(role), { ...definition, ...change });
    this.renewRival();
    this.look();
  }

  /** Up to where nothing of it is left here. */
  letGo(): void {
    const epoch = this.record().epoch;
    this.do({ kind: 'server said', message: { kind: 'released', role, epoch } });
    this.effects = [];
    this.do({ kind: 'carrier closed', role });
  }

  record(): Holder {
    return JSON.parse(this.store.get(keys.holder(role))?.value ?? 'null') as Holder;
  }

  get told(): readonly Released[] {
    return this.effects.flatMap((effect) => (effect.kind === 'tell' ? (effect.released ?? []) : []));
  }
}

test('a role with an address is told to be free when nothing of it is left, and released a little later by itself', () => {
  const stage = new Carrying();
  assert.equal(stage.record().holder, us);
  stage.define({ pinned: rival });
  assert.equal(stage.told.length, 0, 'not while anything is left');
  stage.letGo();
  const { epoch, incarnation } = stage.record();
  assert.deepEqual(
    stage.told.map((told) => [told.role, told.epoch, told.incarnation, told.because]),
    [[role, epoch, incarnation, 'pinned by an operator']],
  );
  stage.pass(200);
  assert.equal(stage.record().holder, us, 'the other one may take it meanwhile');
  stage.pass(100);
  assert.equal(stage.record().holder, null);
  assert.equal(stage.told.length, 1);
});

test('with nobody there to hear it a role is released at once', () => {
  const stage = new Carrying();
  stage.define({ pinned: rival });
  // Its session lives, and it has told nothing for long.
  for (let turn = 0; turn < 8; turn++) {
    stage.renewRival();
    stage.look();
    stage.pass(500);
  }
  stage.letGo();
  assert.equal(stage.told.length, 0);
  stage.pass(50);
  assert.equal(stage.record().holder, null);
});

test('a role that nobody shall have any more is released at once', () => {
  const stage = new Carrying();
  stage.store.transact({ conditions: [], writes: [{ key: keys.role(role), value: null }] });
  stage.look();
  stage.letGo();
  assert.equal(stage.told.length, 0);
  stage.pass(50);
  assert.equal(stage.record().holder, null);
});

test('what its holder says to have let go is taken at once, under a higher epoch, while its session lives on', () => {
  const stage = new Carrying();
  const held: Holder = {
    role,
    holder: rival,
    incarnation: 'x',
    epoch: 9,
    sinceMs: 1,
    because: 'first holder',
  };
  const word = {
    role,
    epoch: 9,
    incarnation: 'x',
    because: 'moved by an operator',
    sinceMs: stage.wallMs,
  } as const;
  for (const [released, isTaken] of [
    [{ ...word, epoch: 8 }, false],
    [{ ...word, incarnation: 'y' }, false],
    [word, true],
  ] as const) {
    stage.put(keys.holder(role), held);
    stage.define({ pinned: us });
    stage.live(500);
    assert.equal(stage.record().holder, rival);
    stage.tells([released]);
    // Its session was written since we looked.
    stage.renewRival();
    stage.pass(50);
    const { holder, epoch, because, previous } = stage.record();
    if (!isTaken) assert.equal(holder, rival, JSON.stringify(released));
    else assert.deepEqual([holder, epoch, because, previous], [us, 10, 'moved by an operator', rival]);
  }
  assert.ok(stage.state.held.has(role));
});

test('the word of another server than the one that the record names counts for nothing', () => {
  const stage = new Carrying();
  const third = '00000000-0000-4000-8000-000000000003';
  stage.put(keys.session(third), { ...rivalSession(), coreId: third });
  stage.put(keys.server(third), {});
  stage.put(keys.holder(role), {
    role,
    holder: third,
    incarnation: 'x',
    epoch: 9,
    sinceMs: 1,
    because: 'first holder',
  });
  stage.define({ pinned: us });
  stage.tells([{ role, epoch: 9, incarnation: 'x', because: 'moved by an operator', sinceMs: 1 }]);
  stage.pass(50);
  assert.equal(stage.record().holder, third);
});
