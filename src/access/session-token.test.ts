import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { nodeRandom } from '../runtime/node/random.ts';
import { newSessionKey } from './session-keys.ts';
import { openSession, sealSession, type SessionClaims } from './session-token.ts';

const nowMs = 1_800_000_000_000;
const key = newSessionKey(nodeRandom, nowMs);
const claims: SessionClaims = {
  session: '0123456789abcdef0123456789abcdef',
  user: '0190a6f4-0000-4000-8000-0000000000ff',
  generation: 3,
  createdMs: nowMs,
  idleUntilMs: nowMs + 1_000,
  expiresMs: nowMs + 5_000,
};

test('a session is what was sealed, until it is idle or over', () => {
  const text = sealSession(claims, key);
  assert.deepEqual(openSession(text, [newSessionKey(nodeRandom, 0), key], nowMs), claims);
  assert.equal(openSession(text, [key], nowMs + 1_000), null);
  assert.deepEqual(openSession(text, [key], nowMs + 1_000, true), claims, 'a stream is never idle');
  assert.equal(openSession(text, [key], nowMs + 5_000, true), null);
  assert.equal(openSession(text, [key], nowMs - 61_000), null, 'of the future');
  assert.deepEqual(openSession(text, [key], nowMs - 59_000), claims, 'clocks differ');
  assert.equal(openSession(text, [], nowMs), null);
  assert.equal(openSession(text, [{ ...key, secret: newSessionKey(nodeRandom, 0).secret }], nowMs), null);
});

test('a text of which one character is another is no session, nor is any other text', () => {
  const text = sealSession(claims, key);
  fc.assert(
    fc.property(fc.nat(text.length - 2), fc.constantFrom('0', 'a', 'Z', '_', '-', '.'), (at, other) => {
      const changed = text.slice(0, at) + other + text.slice(at + 1);
      assert.equal(openSession(changed, [key], nowMs) === null, changed !== text);
    }),
    { numRuns: 2_000 },
  );
  fc.assert(fc.property(fc.string(), (any) => openSession(any, [key], nowMs) === null));
});
