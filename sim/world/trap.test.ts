import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { nodeClock } from '../../src/runtime/node/clock.ts';
import { setTraps } from './trap.ts';

/** Runs `body` as if it stood in src/: V8 takes the file name of a sourceURL comment into the stack. */
function fromSource(body: string): () => unknown {
  // oxlint-disable-next-line typescript/no-implied-eval -- the only way to stand at another path without a file there
  return new Function(`${body}\n//# sourceURL=/somewhere/src/journal/escapes.ts`) as () => unknown;
}

test('our own code cannot reach past its ports while traps are set', () => {
  const escapes = [
    'return Date.now()',
    'return new Date()',
    'return Math.random()',
    'return setTimeout(() => undefined, 1)',
    'return setImmediate(() => undefined)',
    'return performance.now()',
    'return process.hrtime.bigint()',
    'return crypto.randomUUID()',
    'return AbortSignal.timeout(1)',
  ].map(fromSource);
  const lift = setTraps(() => undefined);
  try {
    for (const escape of escapes) assert.throws(escape, { name: 'Escaped' });
    assert.equal(fromSource('return new Date(0).toISOString()')(), '1970-01-01T00:00:00.000Z');
    assert.equal(randomBytes(4).length, 4);
    assert.ok(nodeClock.wallMs() > 0);
  } finally {
    lift();
  }
  assert.equal(typeof fromSource('return Date.now()')(), 'number');
});
