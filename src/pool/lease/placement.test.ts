import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { roleReasons, settleMsDefault, type RoleDefinition } from '../../model/definitions.ts';
import { placeRoles, type PlacementHolder, type PlacementMember } from './placement.ts';

const well = { alive: true, healthy: true, fitForMs: settleMsDefault };
const member = (coreId: string, state: Partial<PlacementMember> = {}): PlacementMember => ({
  coreId,
  ...well,
  ...state,
});
const role = (change: Partial<RoleDefinition> = {}): RoleDefinition => ({
  role: 'acting',
  order: [],
  failback: 'manual',
  pinned: null,
  carrier: null,
  ...change,
});

function heldBy(coreId: string, change: Partial<PlacementHolder> = {}): PlacementHolder {
  return { coreId, epoch: 1, because: 'first holder', ...change };
}

function place(
  definition: RoleDefinition,
  members: PlacementMember[],
  current: string | PlacementHolder | null,
) {
  const holder = typeof current === 'string' ? heldBy(current) : current;
  const holders = new Map(holder === null ? [] : [[definition.role, holder]]);
  return placeRoles([definition], members, holders).get(definition.role);
}

test('without a holder the first fit server of the order is wanted, then others by core ID', () => {
  const order = ['c', 'a'];
  assert.equal(
    place(
      role({ order }),
      ['a', 'b', 'c'].map((id) => member(id)),
      null,
    )?.desired,
    'c',
  );
  assert.equal(
    place(role({ order }), [member('a'), member('b'), member('c', { healthy: false })], null)?.desired,
    'a',
  );
  assert.equal(place(role({ order }), [member('b'), member('c', { alive: false })], null)?.desired, 'b');
  assert.equal(place(role({ order }), [member('b', { healthy: false })], null)?.desired, null);
});

test('with manual failback the holder stays, with automatic the preferred server gets it back', () => {
  const members = [member('a'), member('b')];
  assert.equal(place(role({ order: ['a', 'b'] }), members, 'b')?.desired, 'b');
  assert.deepEqual(place(role({ order: ['a', 'b'], failback: 'automatic' }), members, 'b'), {
    desired: 'a',
    because: 'failback to the preferred server',
  });
  assert.equal(place(role({ failback: 'automatic' }), members, 'b')?.desired, 'b');
});

test('failback waits until the preferred server has been fit for the settle time', () => {
  const wanted = role({ order: ['a', 'b'], failback: 'automatic', settleMs: 5_000 });
  const after = (fitForMs: number) => place(wanted, [member('a', { fitForMs }), member('b')], 'b')?.desired;
  assert.deepEqual([after(0), after(4_999), after(5_000)], ['b', 'b', 'a']);
  const unsaid = role({ order: ['a', 'b'], failback: 'automatic' });
  const young = member('a', { fitForMs: settleMsDefault - 1 });
  assert.equal(place(unsaid, [young, member('b')], 'b')?.desired, 'b');
});

test('a role without a holder waits for nobody to settle', () => {
  const wanted = role({ order: ['a', 'b'], failback: 'automatic' });
  assert.equal(place(wanted, [member('a', { fitForMs: 0 }), member('b')], null)?.desired, 'a');
});

test('a move is wanted at the epoch it was asked for, while its target is fit, and yields to a pin', () => {
  const moved = role({ move: { to: 'b', epoch: 1 } });
  const members = [member('a'), member('b'), member('c')];
  assert.deepEqual(place(moved, members, 'a'), { desired: 'b', because: 'moved by an operator' });
  const released = heldBy('a', { coreId: null, because: 'moved by an operator' });
  assert.equal(place(moved, members, released)?.desired, 'b');
  assert.equal(place(moved, members, heldBy('a', { epoch: 2 }))?.desired, 'a');
  assert.equal(place(moved, [member('a'), member('b', { healthy: false })], 'a')?.desired, 'a');
  assert.equal(place({ ...moved, pinned: 'c' }, members, 'a')?.desired, 'c');
});

test('automatic failback does not undo a move', () => {
  const wanted = role({ order: ['a', 'b'], failback: 'automatic' });
  const members = [member('a'), member('b')];
  assert.equal(place(wanted, members, heldBy('b', { because: 'moved by an operator' }))?.desired, 'b');
});

test('a pin moves the role, and is no reason to leave it to nobody', () => {
  const pinned = role({ pinned: 'a' });
  assert.deepEqual(place(pinned, [member('a'), member('b')], 'b'), {
    desired: 'a',
    because: 'pinned by an operator',
  });
  assert.equal(place(pinned, [member('a', { alive: false }), member('b')], null)?.desired, 'b');
});

test('an unhealthy holder gives way to a healthy server, and goes on while there is none', () => {
  const sick = member('a', { healthy: false });
  assert.deepEqual(place(role(), [sick, member('b')], 'a'), { desired: 'b', because: 'holder is unhealthy' });
  assert.equal(place(role(), [sick, member('b', { healthy: false })], 'a')?.desired, 'a');
});

test('roles without an order are spread', () => {
  const roles = ['acting', 'virtual-interface/a', 'virtual-interface/b'].map((name) => role({ role: name }));
  const members = ['a', 'b', 'c'].map((id) => member(id));
  const placed = placeRoles(roles, members, new Map());
  assert.equal(new Set([...placed.values()].map(({ desired }) => desired)).size, 3);
});

const arbitraryMember = fc.record({
  coreId: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  alive: fc.boolean(),
  healthy: fc.boolean(),
  fitForMs: fc.nat(2 * settleMsDefault),
});
const arbitraryHolder = fc.record({
  coreId: fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e')),
  epoch: fc.integer({ min: 1, max: 3 }),
  because: fc.constantFrom(...roleReasons),
});
const arbitraryRole = fc.record({
  role: fc.constantFrom('acting', 'virtual-interface/x', 'virtual-interface/y', 'summarizer'),
  order: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e')),
  failback: fc.constantFrom('manual', 'automatic'),
  settleMs: fc.nat(2 * settleMsDefault),
  pinned: fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e')),
  move: fc.record({ to: fc.constantFrom('a', 'b', 'c', 'd', 'e'), epoch: fc.nat(3) }),
  carrier: fc.constant(null),
});
interface Pool {
  readonly members: PlacementMember[];
  readonly roles: RoleDefinition[];
  readonly held: PlacementHolder[];
}
const arbitraryPool: fc.Arbitrary<Pool> = fc.record({
  members: fc.uniqueArray(arbitraryMember, { selector: ({ coreId }) => coreId }),
  roles: fc.uniqueArray(arbitraryRole, { selector: (definition) => definition.role }),
  held: fc.array(arbitraryHolder, { minLength: 4, maxLength: 4 }),
});

/** Holders as records would have them: one who lives, or nobody. */
function holdersOf({ members, roles, held }: Pool) {
  return new Map(
    roles.map(({ role }, i): [string, PlacementHolder] => {
      const holder = held[i] ?? heldBy('a');
      const lives = members.some(({ coreId, alive }) => alive && coreId === holder.coreId);
      return [role, lives ? holder : { ...holder, coreId: null }];
    }),
  );
}

test('every server works out the same, in whatever order it learned things', () => {
  fc.assert(
    fc.property(arbitraryPool, fc.infiniteStream(fc.nat()), (pool, draws) => {
      const shuffled = <T>(list: readonly T[]): T[] =>
        list
          .map((item) => ({ item, at: Number(draws.next().value) }))
          .sort((one, other) => one.at - other.at)
          .map(({ item }) => item);
      const { members, roles } = pool;
      const placed = placeRoles(roles, members, holdersOf(pool));
      const again = placeRoles(shuffled(roles), shuffled(members), new Map(shuffled([...holdersOf(pool)])));
      assert.deepEqual(Object.fromEntries(again), Object.fromEntries(placed));
    }),
  );
});

test('placement comes to rest: once what is wanted is so, nothing more is wanted', () => {
  fc.assert(
    fc.property(arbitraryPool, (pool) => {
      const { members, roles } = pool;
      const before = holdersOf(pool);
      const placed = placeRoles(roles, members, before);
      const after = new Map<string, PlacementHolder>();
      for (const [name, { desired, because }] of placed) {
        const held = before.get(name);
        if (desired === null) continue;
        // A role that stays keeps its record, one that changes hands has a new epoch.
        const stays = held !== undefined && held.coreId === desired;
        after.set(name, stays ? held : { coreId: desired, epoch: (held?.epoch ?? 0) + 1, because });
      }
      for (const [name, { desired }] of placeRoles(roles, members, after)) {
        const { move } = roles.find((one) => one.role === name) ?? {};
        // Two moves may follow one another; nobody asks for an epoch that is not there yet.
        if (move?.epoch === after.get(name)?.epoch) continue;
        assert.equal(desired, after.get(name)?.coreId ?? null);
      }
    }),
  );
});

test('a role never goes to a server that is not fit, and leaves a fit holder for a stated reason only', () => {
  fc.assert(
    fc.property(arbitraryPool, (pool) => {
      const holders = holdersOf(pool);
      for (const [name, { desired, because }] of placeRoles(pool.roles, pool.members, holders)) {
        const definition = pool.roles.find(({ role }) => role === name);
        const current = holders.get(name)?.coreId ?? null;
        const isFit = (coreId: string | null): boolean =>
          pool.members.some((one) => one.coreId === coreId && one.alive && one.healthy);
        if (desired !== null && desired !== current) assert.ok(isFit(desired));
        if (desired === current || !isFit(current)) continue;
        if (because === 'pinned by an operator') assert.equal(desired, definition?.pinned);
        else if (because === 'moved by an operator') assert.equal(desired, definition?.move?.to);
        else {
          assert.equal(because, 'failback to the preferred server');
          const fitForMs = pool.members.find(({ coreId }) => coreId === desired)?.fitForMs ?? 0;
          assert.ok(definition?.failback === 'automatic' && fitForMs >= (definition.settleMs ?? 0));
        }
      }
    }),
  );
});
