import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ageText, localTimeText, parseTimeMs, timeText } from './times.ts';

const nowMs = Date.UTC(2026, 10, 21, 8, 30);

test('ages are one number and one unit', () => {
  for (const [agoMs, text] of [
    [0, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [7_200_000, '2h'],
    [200 * 3_600_000, '8d'],
    [-5_000, '0s'],
  ] as const)
    assert.equal(ageText(nowMs - agoMs, nowMs), text);
});

test('times are local and say their zone', () => {
  assert.equal(localTimeText(nowMs, 'Europe/Berlin'), '2026-11-21 09:30:00+01:00');
  assert.equal(timeText(nowMs, nowMs + 180_000, 'UTC'), '2026-11-21 08:30:00+00:00 (3m ago)');
});

test('a time is read as people write it', () => {
  const read = (text: string) => parseTimeMs(text, nowMs, 'Europe/Berlin');
  assert.equal(read('15m'), nowMs - 900_000);
  assert.equal(read('2026-11-21T09:30'), nowMs);
  assert.equal(read('2026-11-21T08:30:00Z'), nowMs);
  assert.equal(read('2026-11-21'), Date.UTC(2026, 10, 20, 23));
  for (const wrong of ['', 'yesterday', '2026-13-01', '15', '09:30']) assert.equal(read(wrong), null, wrong);
});
