import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Positions } from '../model/origin.ts';
import { noteSent, planForwarding, relayAfterMs, type ForwardingState } from './forwarding.ts';

const core = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`;
const origin = (digit: number) => `${core(digit)}.aaaaaaaa`;
const own = core(1);

test('own entries are sent at once and not twice', () => {
  const input = { own, ours: { [origin(1)]: 5 }, theirs: {}, nowMs: 0 };
  let [state, plan] = planForwarding(new Map(), input);
  assert.deepEqual(plan, [{ origin: origin(1), afterSeq: 0 }]);
  state = noteSent(state, origin(1), 5);
  [state, plan] = planForwarding(state, { ...input, nowMs: 10 });
  assert.deepEqual(plan, []);
  [, plan] = planForwarding(state, { ...input, ours: { [origin(1)]: 6 }, nowMs: 20 });
  assert.deepEqual(plan, [{ origin: origin(1), afterSeq: 5 }]);
});

test("another server's entries are relayed once the member stood still on them", () => {
  const input = { own, ours: { [origin(2)]: 5 }, theirs: { [origin(2)]: 2 }, nowMs: 0 };
  let [state, plan] = planForwarding(new Map(), input);
  assert.deepEqual(plan, []);
  [state, plan] = planForwarding(state, { ...input, theirs: { [origin(2)]: 3 }, nowMs: relayAfterMs - 1 });
  assert.deepEqual(plan, [], 'it moved, so somebody brings them');
  [state, plan] = planForwarding(state, { ...input, theirs: { [origin(2)]: 3 }, nowMs: 2 * relayAfterMs });
  assert.deepEqual(plan, [{ origin: origin(2), afterSeq: 3 }]);
  state = noteSent(state, origin(2), 4);
  [state, plan] = planForwarding(state, {
    ...input,
    theirs: { [origin(2)]: 4 },
    nowMs: 2 * relayAfterMs + 1,
  });
  assert.deepEqual(plan, [{ origin: origin(2), afterSeq: 4 }], 'what we began we go on with');
});

test('a relayer that was overtaken leaves it to whoever is ahead', () => {
  let state: ForwardingState = new Map();
  const at = (nowMs: number, theirs: number) => ({
    own,
    ours: { [origin(2)]: 9 },
    theirs: { [origin(2)]: theirs },
    nowMs,
  });
  [state] = planForwarding(state, at(0, 0));
  [state] = planForwarding(state, at(relayAfterMs, 0));
  state = noteSent(state, origin(2), 2);
  const [, plan] = planForwarding(state, at(relayAfterMs + 10, 5));
  assert.deepEqual(plan, []);
});

test('a member gets everything, whoever is alive, in any schedule', () => {
  const turns = fc.array(fc.record({ waitMs: fc.nat(2_000), count: fc.integer({ min: 1, max: 4 }) }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(turns, (schedule) => {
      const ours: Positions = { [origin(1)]: 7, [origin(2)]: 11 };
      const theirs: Record<string, number> = {};
      let state: ForwardingState = new Map();
      let nowMs = 0;
      const turn = (waitMs: number, count: number): void => {
        nowMs += waitMs;
        const [next, plan] = planForwarding(state, { own, ours, theirs, nowMs });
        state = next;
        for (const { origin: name, afterSeq } of plan) {
          assert.equal(afterSeq, theirs[name] ?? 0, 'nothing is skipped when every send arrives');
          const seq = Math.min(ours[name] ?? 0, afterSeq + count);
          state = noteSent(state, name, seq);
          theirs[name] = seq;
        }
      };
      for (const { waitMs, count } of schedule) turn(waitMs, count);
      for (let more = 0; more < 20; more++) turn(relayAfterMs, 4);
      assert.deepEqual(theirs, ours);
    }),
  );
});
