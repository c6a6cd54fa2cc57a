import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldWithin } from './held-within.ts';

function watch(calmSinceMs: number, heldUntilMs: number): () => void {
  return () => {
    const held = new HeldWithin(1_000);
    for (let nowMs = 0; nowMs <= 5_000; nowMs += 100)
      held.see(nowMs, calmSinceMs, [{ role: 'acting', isHeld: nowMs <= heldUntilMs }]);
  };
}

test('held within: nobody holds a role for too long though a server is well', () => {
  assert.throws(
    watch(0, 2_000),
    /some holder exists during faults \(I16\): nobody holds acting at 3000 since 2000/,
  );
});

test('held within: nothing is asked before a server was well for long enough', () => {
  assert.doesNotThrow(watch(4_500, 2_000));
  assert.throws(watch(3_500, 2_000), /at 4500 since 2000/);
});

test('held within: held is well', () => {
  assert.doesNotThrow(watch(0, 4_200));
});
