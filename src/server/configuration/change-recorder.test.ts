import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigNow } from '../../definitions/config-now.ts';
import type { DefinitionHistory } from '../../messages/definition-history.ts';
import { keys } from '../../model/definitions.ts';
import { manualTime } from '../../runtime/manual-time.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { nodeRandom } from '../../runtime/node/random.ts';
import { ChangeRecorder } from './change-recorder.ts';

const key = keys.definitionChange('one');
const item = { kind: 'policy' as const, name: 'disk', content: null };
const change = { atMs: 1, by: 'ann', via: 'policy remove', items: [item] };

/** The acting server, in whose coordinator another one left a change. */
function setUp() {
  const time = manualTime();
  const state = { appended: 0, isThere: true, isKnown: false, atRisk: false, copies: 2 as 1 | 2 };
  // Only what the recorder asks is there.
  const history = { at: () => (state.isKnown ? {} : null) } as unknown as DefinitionHistory;
  const now = { all: () => [] } as unknown as ConfigNow;
  const recorder = new ChangeRecorder({
    ...time,
    random: nodeRandom,
    log: silentLog,
    history: Object.assign(history, { present: () => [] }),
    now,
    coordination: {
      transact: async () => {
        state.isThere = false;
        return { done: true, revision: 9 };
      },
    } as unknown as ConstructorParameters<typeof ChangeRecorder>[0]['coordination'],
    journal: {
      append: (async () => {
        state.appended++;
        state.isKnown = true;
        return { seq: state.appended };
      }) as unknown as ConstructorParameters<typeof ChangeRecorder>[0]['journal']['append'],
    },
    mirror: {
      live: true,
      revisionOf: () => (state.isThere ? 7 : 0),
      entries: () => (state.isThere ? [{ key, value: change }] : []) as never,
      get: () => change as never,
      onChange: () => ({ close: () => undefined }),
    },
    pool: { pool: () => null, generation: () => 7, generationOf: (revision) => revision },
    copies: {
      wanted: 2,
      get atRisk() {
        return { is: state.atRisk, because: '' };
      },
      wait: (waiter) => {
        waiter.copies(state.copies);
        return { cancel: () => undefined };
      },
    },
    grants: { current: () => ({}) as never },
  });
  recorder.start();
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      time.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { state, pass, recorder };
}

test('what its writer left in the coordinator the acting server journals and takes out', async () => {
  const { state, pass, recorder } = setUp();
  await pass(30);
  assert.deepEqual([state.appended, state.isThere], [1, false]);
  recorder.close();
});

test('while the pool is at risk nothing is journaled again and again', async () => {
  const { state, pass, recorder } = setUp();
  state.copies = 1;
  state.atRisk = true;
  await pass(600);
  assert.deepEqual([state.appended, state.isThere], [1, true]);
  state.copies = 2;
  state.atRisk = false;
  await pass(90);
  assert.deepEqual([state.appended, state.isThere], [2, false], 'once there is a second copy it goes');
  recorder.close();
});
