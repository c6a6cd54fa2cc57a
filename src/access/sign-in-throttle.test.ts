import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualTime } from '../runtime/manual-time.ts';
import { SignInThrottle, unknownAccount } from './sign-in-throttle.ts';

function exhaust(throttle: SignInThrottle, name: string, addressOf: (at: number) => string): number {
  let taken = 0;
  while (taken < 1_000 && throttle.take(name, addressOf(taken), false)) taken++;
  return taken;
}

test('many addresses that guess at one account are slowed down, and its owner is not', () => {
  const time = manualTime();
  const throttle = new SignInThrottle(time.clock);
  assert.equal(
    exhaust(throttle, 'ann', (at) => `10.0.${at}.1`),
    10,
  );
  assert.equal(throttle.take('ANN', '10.9.9.9', false), false, 'letter case makes no other account');
  assert.equal(throttle.take('ann', '192.0.2.7', true), true, 'from where ann usually is');
  assert.equal(throttle.take('bob', '192.0.2.8', false), true);
  time.advance(61_000);
  assert.equal(throttle.take('ann', '10.9.9.9', false), true, 'nobody is locked out for ever');
});

test('one address that guesses at many accounts is slowed down, in IPv6 with its whole network', () => {
  const throttle = new SignInThrottle(manualTime().clock);
  let taken = 0;
  while (taken < 1_000 && throttle.take(`user-${taken}`, `2001:db8:1:2::${taken.toString(16)}`, false))
    taken++;
  assert.equal(taken, 20);
  assert.equal(throttle.take('ann', '2001:db8:1:3::1', false), true);
});

test('signing in costs nothing; what failed elsewhere costs as much as here', () => {
  const throttle = new SignInThrottle(manualTime().clock);
  for (let round = 0; round < 100; round++) {
    assert.equal(throttle.take('ann', '192.0.2.7', false), true);
    throttle.giveBack('ann', '192.0.2.7', false);
  }
  for (let round = 0; round < 10; round++)
    throttle.takeTold(unknownAccount('ghost'), `10.1.${round}.1`, false);
  assert.equal(throttle.take('ghost', '192.0.2.7', false), false);
});
