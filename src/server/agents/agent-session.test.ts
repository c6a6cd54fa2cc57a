import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBody } from '../../journal/body.ts';
import type { LinkMessage } from '../../link/messages.ts';
import type { Entry, EntryDraft } from '../../model/entry.ts';
import { coreId, originNumber, testMessage } from '../../messages/testing/test-store.ts';
import { manualTime } from '../../runtime/manual-time.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { nodeRandom } from '../../runtime/node/random.ts';
import { AgentSession } from './agent-session.ts';
import { Copies } from '../health/copies.ts';

const node = { coreId: coreId(9), name: 'web1', joinedMs: 0 };
const batch = encodeBody('messages', { node: node.coreId, nodeName: node.name, messages: [testMessage(1)] });

function setUp(durability: 'available' | 'strict') {
  const time = manualTime();
  const copies = new Copies({ clock: time.clock, timers: time.timers, listed: () => 2, laterMax: 3 });
  const said: string[] = [];
  const session = new AgentSession({ send, refuse: (code) => said.push(`refused ${code}`) }, node, {
    journal: { append },
    copies,
    split: (batch) => [batch],
    durability,
    random: nodeRandom,
    log: silentLog,
    counted: () => undefined,
  });
  let stored = 0;
  let isBroken = false;
  function send(message: LinkMessage): 'taken' {
    if (isBroken) throw new Error('cannot be said');
    if (message.type === 'stored') said.push(`${message.batch}: ${message.copies} of ${message.wanted}`);
    if (message.type === 'again') said.push(`${message.batch}: again, ${message.code}`);
    return 'taken';
  }
  function append(draft: EntryDraft): Promise<Entry> {
    const checksum = new Uint8Array(16);
    return Promise.resolve({ ...draft, origin: originNumber(1), seq: ++stored, hlc: stored, checksum });
  }
  const take = async (number: number): Promise<void> => {
    session.take({ type: 'batch', batch: number, count: 1 }, batch);
    await new Promise(setImmediate);
  };
  const breakIt = (): void => void (isBroken = true);
  return { time, copies, said, take, breakIt, stored: () => stored };
}

test('strict: nothing is stored while a second copy cannot be, so that attempts do not fill the journal', async () => {
  const { copies, said, take, stored } = setUp('strict');
  await take(0);
  await take(1);
  assert.deepEqual([said, stored()], [['0: again, WK_AT_RISK', '1: again, WK_AT_RISK'], 0]);
  copies.memberStored('b', 0);
  await take(2);
  copies.memberStored('b', 1);
  assert.deepEqual([said.at(-1), stored()], ['2: 2 of 2', 1]);
});

test('available: one copy is said while the pool is at risk, and the second when it comes', async () => {
  const { copies, said, take } = setUp('available');
  for (const number of [0, 1, 2, 3]) await take(number);
  assert.deepEqual(said, ['0: 1 of 2', '1: 1 of 2', '2: 1 of 2', '3: 1 of 2']);
  copies.memberStored('b', 4);
  assert.deepEqual(said.slice(4), ['1: 2 of 2', '2: 2 of 2', '3: 2 of 2'], 'the oldest was forgotten');
});

test('an agent that cannot be answered does not hold up the others', async () => {
  const { copies, said, take, breakIt } = setUp('available');
  copies.memberStored('b', 0);
  await take(0);
  let others = 0;
  copies.wait({ seq: 1, copies: () => (others += 1) });
  breakIt();
  copies.memberStored('b', 1);
  assert.deepEqual([said, others], [['refused WK_INTERNAL'], 1]);
});
