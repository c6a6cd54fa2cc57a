import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  aliveEveryMs,
  assertTimings,
  beliefEnd,
  lookEveryMs,
  ownPauseMs,
  quietMs,
  rivalMayEnd,
  timingProfiles,
  timingsDefault,
} from './timings.ts';

test('every profile fits', () => {
  for (const timings of Object.values(timingProfiles)) assertTimings(timings);
});

test('a budget that does not fit is refused with its numbers', () => {
  assert.throws(() => assertTimings({ ...timingsDefault, ttlMs: 2_000 }), {
    code: 'WK_CONFIG',
    message:
      "the lease's timings do not fit: a lease of 2000 ms carries 1860 ms, but a renewal that fails once needs 2800 ms " +
      '(renewEveryMs 500, four calls of 400, two pauses of 100, stopBudgetMs 500): raise ttlMs or lower one of these',
  });
});

test('what is looked at, and how long silence is borne, follow the lease', () => {
  const { fast, patient } = timingProfiles;
  for (const timings of [fast, timingsDefault, patient]) {
    assert.ok(ownPauseMs(timings) >= 5 * lookEveryMs(timings));
    assert.ok(aliveEveryMs(timings) < quietMs(timings) && quietMs(timings) < timings.hungAfterMs);
  }
  assert.deepEqual([ownPauseMs(timingsDefault), quietMs(timingsDefault)], [250, 400]);
  assert.throws(
    () => assertTimings({ ...patient, renewEveryMs: 3_000, ttlMs: 60_000 }),
    /restored in between/,
  );
});

test('numbers that are none, and clocks that are none, are refused', () => {
  assert.throws(() => assertTimings({ ...timingsDefault, marginMs: Number.NaN }), /marginMs is NaN/);
  assert.throws(() => assertTimings({ ...timingsDefault, renewEveryMs: -1 }), /renewEveryMs is -1/);
  assert.throws(() => assertTimings({ ...timingsDefault, rho: 0.2 }), /rho is 0.2/);
});

test('belief ends before the earliest takeover, however far the two clocks are off', () => {
  const { ttlMs, rho } = timingsDefault;
  const beliefOnSlowClock = beliefEnd(0, timingsDefault) / (1 - rho);
  const takeoverOnFastClock = (ttlMs * (1 + 2 * rho)) / (1 + rho);
  assert.ok(beliefOnSlowClock < takeoverOnFastClock);
  assert.equal(rivalMayEnd(ttlMs * (1 + 2 * rho), ttlMs, rho), true);
  assert.equal(rivalMayEnd(ttlMs, ttlMs, rho), false);
});
