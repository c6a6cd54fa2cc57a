import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideSend, type SendState } from './decide-send.ts';

const idle: SendState = {
  unanswered: 0,
  windowBatches: 16,
  unsentCount: 1,
  unsentSinceMs: 1_000,
  pausedUntilMs: 0,
  awaitingSecond: 0,
};
const because = (change: Partial<SendState>, nowMs = 1_000): string =>
  decideSend({ ...idle, ...change }, nowMs).because;

test('every decision about sending, with its reason', () => {
  assert.equal(because({}), 'idle');
  assert.equal(because({ unanswered: 2 }), 'gathering a batch');
  assert.deepEqual(decideSend({ ...idle, unanswered: 2 }, 1_000), {
    do: 'wait',
    because: 'gathering a batch',
    untilMs: 1_020,
  });
  assert.equal(because({ unanswered: 2 }, 1_020), 'waited long enough');
  assert.equal(because({ unanswered: 2, unsentCount: 200 }), 'enough for a batch');
  assert.equal(because({ unanswered: 16, unsentCount: 200 }), 'window is full');
  assert.equal(because({ pausedUntilMs: 1_001 }), 'server asked to wait');
  assert.equal(because({ unsentCount: 0 }), 'nothing else to send');
  assert.equal(because({ unsentCount: 0, awaitingSecond: 1 }), 'second copies are outstanding');
});
