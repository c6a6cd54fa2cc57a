import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, nat, property } from 'fast-check';
import { byteSizeText, parseByteSize } from './byte-size.ts';
import { durationSchema, durationText, parseDurationMs } from './duration.ts';

test('durations and sizes are read as written and written as read', () => {
  assert.equal(parseDurationMs('500ms'), 500);
  assert.equal(parseDurationMs('7d'), 604_800_000);
  assert.equal(parseByteSize('256MiB'), 268_435_456);
  for (const bad of ['', '5', '5 s', '-1s', '1.5s', '1w', 's', '1e3s'])
    assert.equal(parseDurationMs(bad), null);
  check(
    property(nat({ max: 999_999_999 }), (value) => {
      assert.equal(parseDurationMs(durationText(value)), value);
      assert.equal(parseByteSize(byteSizeText(value)), value);
    }),
  );
});

test('a duration outside its bounds names them', () => {
  const result = durationSchema(1_000, 60_000).safeParse('5m');
  assert.equal(
    result.error?.issues[0]?.message,
    'must be a duration from 1s to 1m, like 500ms, 30s, 5m or 1h',
  );
  assert.equal(durationSchema(1_000, 60_000).parse('30s'), 30_000);
});
