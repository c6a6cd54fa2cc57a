import assert from 'node:assert/strict';
import { test } from 'node:test';
import { userActions, userCan, type UserFacts } from './user-actions.ts';

const root: UserFacts = { name: 'root', roles: ['administrator'], disabled: false };
const ann: UserFacts = { name: 'ann', roles: ['operator'], disabled: false };
const off: UserFacts = { name: 'off', roles: ['administrator'], disabled: true };

function allowed(user: UserFacts, all: readonly UserFacts[]): string[] {
  return userActions.filter((action) => userCan(action, user, all) === true);
}

test('the last administrator who can sign in stays one; whoever is off can only be let in again or go', () => {
  const all = [root, ann, off];
  assert.deepEqual(allowed(root, all), ['change', 'setup-link', 'sign-out']);
  assert.match(String(userCan('remove', root, all)), /last administrator; give another user/);
  assert.deepEqual(allowed(ann, all), ['change', 'setup-link', 'sign-out', 'disable', 'remove']);
  assert.deepEqual(allowed(off, all), ['change', 'sign-out', 'enable', 'remove']);
  assert.equal(userCan('disable', root, [root, { ...ann, roles: ['administrator'] }]), true);
});
