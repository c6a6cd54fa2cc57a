import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as check, constantFrom, nat, property, record } from 'fast-check';
import {
  managerTimings,
  homeFirst,
  mergeServers,
  startManager,
  stepManager,
  type ManagerEffect,
  type ManagerEvent,
  type ManagerState,
} from './choose-manager.ts';

/** Applies events in turn, each with its time; returns the state and the effects of the last one. */
function run(
  servers: string[],
  ...events: [nowMs: number, event: ManagerEvent][]
): [ManagerState, ManagerEffect[]] {
  let result: [ManagerState, ManagerEffect[]] = [startManager(servers), []];
  for (const [nowMs, event] of events) result = stepManager(result[0], event, nowMs, 0.5);
  return result;
}
const start: [number, ManagerEvent] = [0, { kind: 'start' }];
const connected = (server: string): ManagerEvent => ({ kind: 'connected', server });
const failed = (server: string, retry = true): ManagerEvent => ({ kind: 'failed', server, retry });
const lost: ManagerEvent = { kind: 'lost', retry: true };
const timer: ManagerEvent = { kind: 'timer' };

test('the virtual interface comes first; on a loss the next server is dialled at once', () => {
  assert.deepEqual(run(['v', 'a', 'b'], start)[1], [{ kind: 'dial', server: 'v' }]);
  const [, effects] = run(['v', 'a', 'b'], start, [1, connected('v')], [20_000, lost]);
  assert.deepEqual(effects, [{ kind: 'dial', server: 'a' }]);
});

test('when no server answers the wait has full jitter and grows by rounds, up to a bound', () => {
  const waits: number[] = [];
  let state = startManager(['v', 'a']);
  let effects: ManagerEffect[] = [];
  [state, effects] = stepManager(state, { kind: 'start' }, 0, 0);
  for (let step = 0; step < 60; step += 1) {
    const [effect] = effects;
    if (effect?.kind === 'wait') {
      waits.push(effect.ms);
      [state, effects] = stepManager(state, timer, 0, 0.5);
    } else if (effect) [state, effects] = stepManager(state, failed(effect.server), 0, 0.5);
  }
  assert.deepEqual(waits.slice(0, 4), [1_000, 2_000, 4_000, 8_000]);
  assert.equal(Math.max(...waits), managerTimings.waitMsMax / 2);
});

test('a stream on another server returns to the primary, and later when the return does not last', () => {
  const there: [number, ManagerEvent][] = [start, [0, failed('v')], [0, connected('a')]];
  const [, waits] = run(['v', 'a'], ...there);
  assert.deepEqual(waits, [{ kind: 'wait', ms: managerTimings.returnMs }]);
  const [returning, dials] = run(['v', 'a'], ...there, [30_000, timer]);
  assert.deepEqual([returning.returning, dials], [true, [{ kind: 'dial', server: 'v' }]]);
  const back: [number, ManagerEvent][] = [
    [30_000, timer],
    [30_001, connected('v')],
    [31_000, lost],
  ];
  const [flapped] = run(['v', 'a'], ...there, ...back);
  assert.equal(flapped.returnAfterMs, 2 * managerTimings.returnMs);
});

test('a return that fails leaves the stream where it is and is tried again', () => {
  const [state, effects] = run(
    ['v', 'a'],
    start,
    [0, failed('v')],
    [0, connected('a')],
    [1, timer],
    [2, failed('v')],
  );
  assert.deepEqual([state.phase, state.current, state.returning], ['live', 'a', false]);
  assert.equal(effects[0]?.kind, 'wait');
});

test('a server that sends us back: the primary is dialled soon, and the stream stays until it has answered', () => {
  const there: [number, ManagerEvent][] = [start, [0, failed('v')], [0, connected('a')]];
  const goBack: ManagerEvent = { kind: 'goBack' };
  const [told, waits] = run(['v', 'a'], ...there, [5_000, goBack]);
  assert.deepEqual(waits, [{ kind: 'wait', ms: 0.5 * managerTimings.spreadMs }]);
  assert.deepEqual([told.phase, told.current], ['live', 'a']);
  const [returning, dials] = run(['v', 'a'], ...there, [5_000, goBack], [6_000, timer]);
  assert.deepEqual([returning.current, dials], ['a', [{ kind: 'dial', server: 'v' }]]);
  assert.deepEqual(run(['v', 'a'], ...there, [5_000, goBack], [6_000, timer], [6_001, goBack])[1], []);
  const [stayed] = run(['v', 'a'], ...there, [5_000, goBack], [6_000, timer], [6_001, failed('v')]);
  assert.deepEqual([stayed.phase, stayed.current], ['live', 'a']);
});

test('no ping-pong: who was sent back and lost the primary again keeps to its own time', () => {
  const there: [number, ManagerEvent][] = [start, [0, failed('v')], [0, connected('a')]];
  const flapped: [number, ManagerEvent][] = [
    [5_000, { kind: 'goBack' }],
    [6_000, timer],
    [6_001, connected('v')],
    [8_000, lost],
    [8_001, connected('a')],
  ];
  assert.deepEqual(run(['v', 'a'], ...there, ...flapped, [9_000, { kind: 'goBack' }])[1], []);
  assert.deepEqual(run(['v', 'a'], start, [0, connected('v')], [9_000, { kind: 'goBack' }])[1], []);
});

test('a server that refused us is asked rarely, the others as ever', () => {
  const [, effects] = run(['v', 'a'], start, [0, failed('v', false)], [0, failed('a')]);
  assert.ok(effects[0]?.kind === 'wait' && effects[0].ms < 10_000);
  const [, all] = run(['v'], start, [0, failed('v', false)]);
  assert.deepEqual(all, [{ kind: 'wait', ms: managerTimings.refusedMs * 1.5 }]);
});

test('a connection that breaks at once counts as a failure of its round', () => {
  const [state, effects] = run(
    ['v', 'a'],
    start,
    [0, connected('v')],
    [5, lost],
    [5, connected('a')],
    [9, lost],
  );
  assert.deepEqual([state.phase, state.rounds, effects[0]?.kind], ['waiting', 1, 'wait']);
});

test('the list of the pool comes first, what is configured stays as a last resort', () => {
  assert.deepEqual(mergeServers(['v', 'b'], ['a', 'b']), ['v', 'b', 'a']);
});

test('of several virtual interfaces the configured one comes first, and no server before an interface', () => {
  const told = ['v1', 'v2', 'a', 'b'];
  assert.deepEqual(homeFirst(told, 2, ['v2', 'a']), ['v2', 'v1', 'a', 'b']);
  assert.deepEqual(homeFirst(told, 2, ['a', 'v1']), told);
  assert.deepEqual(homeFirst(told, 2, ['a']), told);
  assert.deepEqual(homeFirst(told, 0, ['b']), told);
});

const anyEvent = record({
  kind: constantFrom('timer', 'connected', 'failed', 'lost', 'leave', 'goBack'),
  server: nat({ max: 2 }),
  retry: constantFrom(true, false),
  draw: nat({ max: 99 }),
  ms: nat({ max: 100_000 }),
});

test('whatever happens, either a dial or a timer is under way, or the stream is live', () => {
  check(
    property(array(anyEvent, { maxLength: 100 }), (events) => {
      const servers = ['v', 'a', 'b'];
      let nowMs = 0;
      let [state, effects] = stepManager(startManager(servers), { kind: 'start' }, nowMs, 0);
      const dials = new Set<string>();
      let timers = 0;
      const carry = (): void => {
        for (const effect of effects) {
          if (effect.kind === 'dial') dials.add(effect.server);
          else timers = 1;
        }
      };
      carry();
      for (const { kind, server, retry, draw, ms } of events) {
        nowMs += ms;
        const dialled = [...dials][server % Math.max(1, dials.size)];
        let event: ManagerEvent | null = null;
        if (kind === 'timer' && timers > 0) event = { kind };
        else if ((kind === 'connected' || kind === 'failed') && dialled !== undefined) {
          // What the edge does with a dial that was overtaken.
          if (kind === 'connected' && state.phase === 'live' && !state.returning) continue;
          event = { kind, server: dialled, retry };
        } else if (kind === 'lost' && state.phase === 'live') event = { kind, retry };
        else if ((kind === 'leave' || kind === 'goBack') && state.phase === 'live') event = { kind };
        if (!event) continue;
        if (event.kind === 'timer') timers = 0;
        if (dialled !== undefined && 'server' in event) dials.delete(dialled);
        [state, effects] = stepManager(state, event, nowMs, draw / 100);
        carry();
        assert.ok(
          state.phase === 'live' || (state.phase === 'dialling' ? dials.size > 0 : timers > 0),
          JSON.stringify(state),
        );
        if (state.phase === 'live') assert.ok(state.current === 'v' || state.returning || timers > 0);
        for (const effect of effects)
          if (effect.kind === 'wait')
            assert.ok(effect.ms >= 0 && effect.ms <= 2 * managerTimings.returnMsMax);
      }
    }),
  );
});
