import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualTime } from '../../runtime/manual-time.ts';
import { Grants } from './grants.ts';

function setUp() {
  const time = manualTime(0);
  const grants = new Grants({ clock: time.clock, timers: time.timers });
  const heard: string[] = [];
  grants.listen({
    gained: (grant) => heard.push(`gained ${grant.role} ${grant.epoch}`),
    lost: (role, epoch) => heard.push(`lost ${role} ${epoch}`),
  });
  const grant = (epoch: number, deadlineMs: number) => ({
    role: 'acting',
    epoch,
    deadlineMs,
    because: 'first holder' as const,
  });
  return { time, grants, heard, grant };
}

test('a grant that is not renewed ends at its deadline by itself', () => {
  const { time, grants, heard, grant } = setUp();
  grants.replace([grant(1, 1_000)]);
  time.advance(900);
  grants.replace([grant(1, 1_900)]);
  time.advance(999);
  assert.ok(grants.current('acting'));
  time.advance(1);
  assert.equal(grants.current('acting'), null);
  assert.deepEqual(heard, ['gained acting 1', 'lost acting 1']);
});

test('a new epoch is a loss and a gain; a withdrawn grant is a loss', () => {
  const { grants, heard, grant } = setUp();
  grants.replace([grant(1, 1_000)]);
  grants.replace([grant(2, 1_000)]);
  grants.replace([]);
  assert.deepEqual(heard, ['gained acting 1', 'lost acting 1', 'gained acting 2', 'lost acting 2']);
});

test('a grant that arrives after its deadline is not taken', () => {
  const { time, grants, heard, grant } = setUp();
  time.advance(5_000);
  grants.replace([grant(1, 1_000)]);
  assert.deepEqual([grants.all(), heard], [[], []]);
});

test('a renewal that comes after the deadline finds the role given back; only a new epoch brings it again', () => {
  const { time, heard, grant } = setUp();
  let nowMs = 0;
  const grants = new Grants({ clock: { ...time.clock, monotonicMs: () => nowMs }, timers: time.timers });
  grants.listen({
    gained: ({ epoch }) => heard.push(`gained ${epoch}`),
    lost: (_role, epoch) => heard.push(`lost ${epoch}`),
  });
  grants.replace([grant(1, 1_000)]);
  nowMs = 1_500;
  grants.replace([grant(1, 3_000)]);
  grants.replace([grant(1, 3_500)]);
  assert.deepEqual([heard, grants.current('acting')], [['gained 1', 'lost 1'], null]);
  grants.replace([grant(2, 3_500)]);
  assert.deepEqual(heard, ['gained 1', 'lost 1', 'gained 2']);
});
