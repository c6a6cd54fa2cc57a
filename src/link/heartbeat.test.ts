import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Timers } from '../runtime/clock.ts';
import { Heartbeat } from './heartbeat.ts';

/** A clock and one timer moved by hand, so that a timer can be late as in a paused process. */
function byHand() {
  let nowMs = 0;
  let tick = (): void => undefined;
  const timers: Timers = {
    after: (_delayMs, run) => {
      tick = run;
      return { cancel: () => (tick = () => undefined) };
    },
    soon: (run) => run(),
  };
  const pings: number[] = [];
  let silent = 0;
  const heartbeat = new Heartbeat({
    clock: { monotonicMs: () => nowMs, wallMs: () => 0, timeZone: () => 'UTC' },
    timers,
    times: { pingEveryMs: 1_000, silentAfterMs: 3_000 },
    ping: (id) => pings.push(id),
    onSilent: () => (silent += 1),
  });
  const tickAfter = (ms: number): void => {
    nowMs += ms;
    const due = tick;
    tick = () => undefined;
    due();
  };
  return { heartbeat, tickAfter, pass: (ms: number) => (nowMs += ms), pings, silences: () => silent };
}

test('silence is noticed after its time and said once', () => {
  const { tickAfter, pings, silences } = byHand();
  for (let i = 0; i < 3; i++) tickAfter(1_000);
  assert.deepEqual([pings, silences()], [[1, 2, 3], 0]);
  for (let i = 0; i < 3; i++) tickAfter(1_000);
  assert.deepEqual([pings, silences()], [[1, 2, 3], 1]);
});

test('who was paused itself first reads what came meanwhile', () => {
  const { heartbeat, tickAfter, silences } = byHand();
  tickAfter(60_000);
  assert.equal(silences(), 0);
  heartbeat.heard();
  tickAfter(1_000);
  assert.equal(silences(), 0);
});

test('a peer that is still silent after our own pause is given up at the next tick', () => {
  const { tickAfter, silences } = byHand();
  tickAfter(60_000);
  tickAfter(1_000);
  assert.equal(silences(), 1);
});

test('the round trip is that of the last ping', () => {
  const { heartbeat, tickAfter, pass } = byHand();
  tickAfter(1_000);
  pass(7);
  heartbeat.answered(1);
  assert.equal(heartbeat.roundTripMs, 7);
  pass(7);
  heartbeat.answered(99);
  assert.equal(heartbeat.roundTripMs, 7);
});

test('a stopped heartbeat says nothing more', () => {
  const { heartbeat, tickAfter, pings, silences } = byHand();
  heartbeat.stop();
  tickAfter(60_000);
  tickAfter(1_000);
  assert.deepEqual([pings, silences()], [[], 0]);
});
