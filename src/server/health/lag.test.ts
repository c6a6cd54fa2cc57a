import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lagStep, type LagState } from './lag.ts';

const origin = '00000000-0000-4000-8000-000000000001.aaaaaaaa';

test('lag is the age of the oldest entry that a member has and we lack', () => {
  let state: LagState = new Map();
  let lag;
  [state, lag] = lagStep(state, {}, [{ [origin]: 5 }], 1_000);
  assert.deepEqual(lag, { lagMs: 0, entries: 5 });
  [state, lag] = lagStep(state, { [origin]: 4 }, [{ [origin]: 9 }], 3_000);
  assert.deepEqual(lag, { lagMs: 2_000, entries: 5 }, 'entry 5 is still missing');
  [state, lag] = lagStep(state, { [origin]: 5 }, [{ [origin]: 9 }], 4_000);
  assert.deepEqual(lag, { lagMs: 0, entries: 4 }, 'what was missing first is here, the rest is newer');
  [state, lag] = lagStep(state, { [origin]: 9 }, [{ [origin]: 9 }], 5_000);
  assert.deepEqual([state.size, lag], [0, { lagMs: 0, entries: 0 }]);
});
