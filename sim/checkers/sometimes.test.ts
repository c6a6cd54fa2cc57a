import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeSometimes } from './sometimes.ts';

test('sometimes: a state that never came up is missing once the run was long enough', () => {
  const fired = new Map([['role changes', 3]]);
  const judge = (hours: number): string[] =>
    judgeSometimes(
      () => fired,
      (scenario) => (scenario === 'pool' ? hours : 0),
    )
      .filter(({ missing }) => missing)
      .map(({ state }) => state.name);
  assert.deepEqual(judge(0.9), []);
  assert.deepEqual(judge(1), [
    'a lease expired while its holder was paused',
    'the coordinator committed and answered too late',
    'a role had to be held during faults',
    'an address moved',
    'the gate of an address was not armed',
  ]);
});
