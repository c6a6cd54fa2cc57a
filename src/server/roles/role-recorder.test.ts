import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBody } from '../../journal/body.ts';
import type { EntryBody, EntryDraft } from '../../model/entry.ts';
import { WatchError } from '../../model/errors.ts';
import type { MessageDraft } from '../../model/message.ts';
import type { Grant } from '../../pool/grants.ts';
import { manualTime } from '../../runtime/manual-time.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { Grants } from './grants.ts';
import { RoleRecorder } from './role-recorder.ts';

const [m1, m2] = [1, 2].map((i) => `00000000-0000-4000-8000-00000000000${i}`) as [string, string];

function setUp() {
  const time = manualTime(0);
  const grants = new Grants(time);
  const stored: EntryBody<'takeover'>[] = [];
  const messages: MessageDraft[] = [];
  const refusals: Error[] = [];
  const recorder = new RoleRecorder({
    ...time,
    grants,
    log: silentLog,
    journal: {
      positions: () => ({ [`${m2}.00000001`]: 7 }),
      append: (draft: EntryDraft) => {
        const refusal = refusals.pop();
        if (refusal) return Promise.reject(refusal);
        stored.push(decodeBody('takeover', draft.body));
        return Promise.resolve({ ...draft, origin: '', seq: 1, hlc: 1, checksum: new Uint8Array() });
      },
    },
    ownMessages: { report: (message) => void messages.push(message) },
    ownName: 'm2',
    serverName: (coreId) => (coreId === m1 ? 'm1' : 'm2'),
  });
  const grant = (change: Partial<Grant>): Grant => {
    const all: Grant = {
      role: 'acting',
      epoch: 4,
      deadlineMs: 1e6,
      because: 'moved by an operator',
      ...change,
    };
    grants.replace([all]);
    return all;
  };
  return { time, grants, recorder, stored, messages, refusals, grant };
}

test('a planned move: who, why and how long nobody held it stand in the entry and in a normal message', async () => {
  const { time, recorder, stored, messages, grant } = setUp();
  const freeSinceMs = time.clock.wallMs();
  time.advance(45);
  assert.equal(await recorder.took(grant({ before: { holder: m1, epoch: 3, freeSinceMs } })), true);
  const handover = { because: 'moved by an operator', from: m1, fromEpoch: 3, unheldMs: 45 };
  assert.deepEqual(stored, [{ role: 'acting', epoch: 4, positions: { [`${m2}.00000001`]: 7 }, handover }]);
  const [message] = messages;
  assert.equal(message?.severity, 'normal');
  assert.equal(
    message.text,
    'Role acting moved from m1 to m2, epoch 4: moved by an operator; nobody held it for 45 ms',
  );
});

test('what nobody wanted is a warning', async () => {
  const { recorder, messages, grant } = setUp();
  await recorder.took(
    grant({ because: 'holder lost its session', before: { holder: m1, epoch: 3, freeSinceMs: null } }),
  );
  assert.deepEqual(
    messages.map(({ severity, text }) => [severity, text]),
    [['warning', 'Role acting moved from m1 to m2, epoch 4: holder lost its session']],
  );
});

test('a takeover that could not be stored is tried again while the role is held, and no longer', async () => {
  const { time, grants, recorder, stored, messages, refusals, grant } = setUp();
  refusals.push(new WatchError('WK_OVERLOADED'), new WatchError('WK_DISK_FULL'));
  const first = recorder.took(grant({}));
  for (let i = 0; i < 4; i++) {
    await new Promise(setImmediate);
    time.advance(500);
  }
  assert.equal(await first, true);
  assert.deepEqual([stored.length, messages.length, refusals.length], [1, 1, 0]);

  refusals.push(new WatchError('WK_OVERLOADED'));
  const second = recorder.took(grant({ epoch: 5 }));
  await new Promise(setImmediate);
  grants.replace([]);
  time.advance(500);
  assert.equal(await second, false);
  assert.equal(stored.length, 1);
});
