import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timesIn } from './times.ts';

const summer = Date.parse('2026-07-01T22:30:05.070Z');
const winter = Date.parse('2026-12-01T03:04:05.678Z');

test('times stand as the clocks of the zone had them, with the offset of then', () => {
  for (const [zone, atSummer, atWinter] of [
    ['UTC', '2026-07-01 22:30:05.070 UTC', '2026-12-01 03:04:05.678 UTC'],
    ['Europe/Berlin', '2026-07-02 00:30:05.070 UTC+2', '2026-12-01 04:04:05.678 UTC+1'],
    ['Asia/Kolkata', '2026-07-02 04:00:05.070 UTC+5:30', '2026-12-01 08:34:05.678 UTC+5:30'],
    ['America/St_Johns', '2026-07-01 20:00:05.070 UTC-2:30', '2026-11-30 23:34:05.678 UTC-3:30'],
    ['Australia/Lord_Howe', '2026-07-02 09:00:05.070 UTC+10:30', '2026-12-01 14:04:05.678 UTC+11'],
  ] as const) {
    const times = timesIn(zone);
    assert.equal(times.full(summer), atSummer);
    assert.equal(times.full(winter), atWinter);
  }
});

test('the hour that comes twice is told apart', () => {
  const times = timesIn('Europe/Berlin');
  const first = Date.parse('2026-10-25T00:30:00Z');
  assert.equal(times.full(first), '2026-10-25 02:30:00.000 UTC+2');
  assert.equal(times.full(first + 3_600_000), '2026-10-25 02:30:00.000 UTC+1');
});

test('of today the time alone, of other days the day and the minute', () => {
  const times = timesIn('America/New_York');
  assert.equal(times.short(winter, winter + 60_000), '22:04:05');
  assert.equal(times.short(winter, winter + 3_600_000 * 2), '30 Nov 22:04');
  assert.equal(times.clock(summer), '18:30:05');
});

test('without a zone it is that of the browser', () => {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  assert.equal(timesIn(null).full(summer), timesIn(here).full(summer));
});
