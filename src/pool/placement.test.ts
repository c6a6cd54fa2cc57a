import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { RoleDefinition } from '../model/definitions.ts';
import { placeRoles, type PlacementMember } from './placement.ts';

const well = { alive: true, healthy: true };
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

function place(definition: RoleDefinition, members: PlacementMember[], current: string | null) {
  const holders = new Map(current === null ? [] : [[definition.role, current]]);
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
});
const arbitraryRole = fc.record({
  role: fc.constantFrom('acting', 'virtual-interface/x', 'virtual-interface/y', 'summarizer'),
  order: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e')),
  failback: fc.constantFrom('manual', 'automatic'),
  pinned: fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e')),
  carrier: fc.constant(null),
});
const arbitraryPool = fc.record({
  members: fc.uniqueArray(arbitraryMember, { selector: ({ coreId }) => coreId }),
  roles: fc.uniqueArray(arbitraryRole, { selector: (definition) => definition.role }),
});

test('every server works out the same, in whatever order it learned things', () => {
  fc.assert(
    fc.property(arbitraryPool, fc.infiniteStream(fc.nat()), ({ members, roles }, draws) => {
      const shuffled = <T>(list: readonly T[]): T[] =>
        list
          .map((item) => ({ item, at: Number(draws.next().value) }))
          .sort((one, other) => one.at - other.at)
          .map(({ item }) => item);
      const placed = placeRoles(roles, members, new Map());
      const again = placeRoles(shuffled(roles), shuffled(members), new Map());
      assert.deepEqual(Object.fromEntries(again), Object.fromEntries(placed));
    }),
  );
});

test('placement comes to rest: once what is wanted is so, nothing more is wanted', () => {
  fc.assert(
    fc.property(arbitraryPool, ({ members, roles }) => {
      const placed = placeRoles(roles, members, new Map());
      const holders = new Map(
        [...placed].flatMap(([name, { desired }]) => (desired === null ? [] : [[name, desired] as const])),
      );
      for (const [name, { desired }] of placeRoles(roles, members, holders))
        assert.equal(desired, holders.get(name) ?? null);
    }),
  );
});
