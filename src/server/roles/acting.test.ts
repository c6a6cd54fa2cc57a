import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from '../../model/entry.ts';
import { WatchError } from '../../model/errors.ts';
import type { Grant } from '../../pool/grants.ts';
import { manualTime } from '../../runtime/manual-time.ts';
import { nodeRandom } from '../../runtime/node/random.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { Acting, silenceKey, type OpenSilence } from './acting.ts';
import { Grants } from './grants.ts';

const node = { coreId: '00000000-0000-4000-8000-000000000001', name: 'web1' };

/** The acting server's surroundings; what it decides is stored at once and seen by its next look. */
function setUp() {
  const time = manualTime(0);
  const grants = new Grants(time);
  const takeovers: Grant[] = [];
  const decided: Decision[] = [];
  const open = new Map<string, OpenSilence>();
  let isConnected = false;
  let damaged: Error | null = null;
  const damage = (now: Error | null) => (damaged = now);
  const acting = new Acting({
    ...time,
    grants,
    random: nodeRandom,
    log: silentLog,
    takeOver: (grant) => {
      takeovers.push(grant);
      return Promise.resolve(true);
    },
    appendDecisions: ({ decisions }) => {
      decided.push(...decisions);
      for (const decision of decisions) {
        if (decision.kind === 'raise') open.set(decision.node, { message: decision.message.id, seen: null });
        else open.clear();
      }
      return Promise.resolve();
    },
    began: () => undefined,
    ended: () => undefined,
    silence: {
      gather: () => {
        if (damaged !== null) throw damaged;
        return {
          nodes: [node],
          connected: new Set(isConnected ? [node.coreId] : []),
          reported: new Set(open.keys()),
          open: new Set(open.keys()),
          messages: open,
          complete: true,
        };
      },
      wasReported: () => false,
      decided: () => undefined,
    },
  });
  const grant = (epoch: number, forMs: number) =>
    grants.replace([
      { role: 'acting', epoch, deadlineMs: time.clock.monotonicMs() + forMs, because: 'first holder' },
    ]);
  /** Promises settle between steps, as they would between turns of the event loop. */
  const pass = async (ms: number): Promise<void> => {
    for (let passedMs = 0; passedMs < ms; passedMs += 500) {
      time.advance(500);
      await new Promise(setImmediate);
    }
  };
  const connect = (now: boolean) => (isConnected = now);
  return { acting, takeovers, damage, decided, grant, pass, connect };
}

test('the first entry of a holder is its takeover; a silent node is raised once and closed when it is back', async () => {
  const { takeovers, decided, grant, pass, connect } = setUp();
  grant(3, 1e9);
  await pass(29_000);
  assert.deepEqual([takeovers.map(({ epoch }) => epoch), decided], [[3], []]);
  await pass(60_000);
  assert.equal(decided.length, 1);
  const [raise] = decided;
  assert.ok(raise?.kind === 'raise' && raise.message.key === silenceKey(node.coreId));
  connect(true);
  await pass(3_000);
  assert.deepEqual(
    decided.map(({ kind }) => kind),
    ['raise', 'close'],
  );
});

test('nothing is decided after the deadline of the grant, and after a takeover the time runs anew', async () => {
  const { decided, grant, pass } = setUp();
  grant(3, 20_000);
  await pass(120_000);
  assert.deepEqual(decided, []);
  grant(5, 1e9);
  await pass(29_000);
  assert.deepEqual(decided, [], 'agents that look for their next server are not reported');
  await pass(3_000);
  assert.equal(decided.length, 1);
});

test('a look that failed is tried again', async () => {
  const { damage, decided, grant, pass } = setUp();
  grant(3, 1e9);
  await pass(3_000);
  damage(new WatchError('WK_DAMAGED'));
  await pass(60_000);
  assert.deepEqual(decided, []);
  damage(null);
  await pass(40_000);
  assert.equal(decided.length, 1);
});
