import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeRandom } from '../runtime/node/random.ts';
import { assertGoodPassword, Passwords } from './password.ts';

test('a password matches its own hash and no other, however it is typed', async () => {
  const passwords = new Passwords(nodeRandom);
  const stored = await passwords.hash('grüne Türen im Winter');
  assert.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[^$]{22}\$[^$]{43}$/);
  assert.notEqual(stored, await passwords.hash('grüne Türen im Winter'), 'each has its own salt');
  assert.equal(await passwords.matches('grüne Türen im Winter', stored), true);
  assert.equal(
    await passwords.matches('gru\u0308ne Tu\u0308ren im Winter', stored),
    true,
    'two ways to write one letter',
  );
  assert.equal(await passwords.matches('grüne Türen im winter', stored), false);
});

test('what is no hash of ours matches nothing, and no password is as much work as a wrong one', async () => {
  const passwords = new Passwords(nodeRandom);
  for (const stored of [
    '',
    'x',
    '$argon2id$v=19$m=9999999,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA',
  ])
    assert.equal(await passwords.matches('', stored), false);
  assert.equal(await passwords.matches('nobody has this password', null), false);
});

test('two at a time, a few wait, and the rest is told to come again', async () => {
  const passwords = new Passwords(nodeRandom);
  const outcomes = await Promise.allSettled(Array.from({ length: 30 }, () => passwords.hash('x')));
  const done = outcomes.filter(({ status }) => status === 'fulfilled').length;
  assert.equal(done, 18);
  for (const outcome of outcomes)
    if (outcome.status === 'rejected')
      assert.equal((outcome.reason as { code: string }).code, 'WK_OVERLOADED');
  assert.ok(await passwords.hash('x'), 'and the queue is free again');
});

test('passwords that are tried first are refused, with the reason', () => {
  for (const [password, because] of [
    ['short', /fewer than 12/],
    ['x'.repeat(300), /more than 256/],
    ['aaaaaaaaaaaab', /five different/],
    ['Password12345', /every list/],
    ['I am anna, hello', /contains anna/],
    ['Watchkeeper is on', /contains watchkeeper/],
  ] as const)
    assert.throws(() => assertGoodPassword(password, ['anna', 'ab']), because);
  assertGoodPassword('seven blue lanterns', ['anna', 'ab']);
});
