import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LinkMessage } from '../../link/messages.ts';
import type { SharedItem } from '../../model/sharing.ts';
import { manualTime } from '../../runtime/manual-time.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { ShareExchange } from './share-exchange.ts';

const message = '0190a6f4-0000-7000-8000-000000000001';
const item = '0190a6f4-0000-7000-8000-000000000002';
const operation: SharedItem = {
  kind: 'operation',
  operation: { id: item, message, kind: 'own', by: 'ann', hlc: 1 },
};

/** One end of a connection, whose outbox holds one operation until it is settled. */
function setUp() {
  const time = manualTime();
  const sent: LinkMessage[] = [];
  let hear: (message: LinkMessage, body: Uint8Array) => void = () => undefined;
  const disk = { isFull: false, waits: true };
  const exchange = new ShareExchange(
    {
      onMessage: (handler) => {
        hear = handler;
      },
      send: (message) => {
        sent.push(message);
        return 'taken';
      },
      refuse: (code, text) => assert.fail(`${code}: ${text}`),
    },
    {
      timers: time.timers,
      log: silentLog,
      copies: { wanted: 1, wait: () => ({ cancel: () => undefined }) },
      poolName: 'other',
      outbox: () => (disk.waits ? [{ message, item }] : []),
      itemOf: () => operation,
      settle: () => {
        if (disk.isFull) return Promise.reject(new Error('the disk is full'));
        disk.waits = false;
        return Promise.resolve();
      },
      take: () => Promise.resolve({ seq: 1, refused: [] }),
      maySend: () => true,
    },
  );
  const stored = async (batch: number) => {
    hear({ type: 'stored', batch, copies: 1, wanted: 1 }, new Uint8Array());
    await new Promise(setImmediate);
  };
  const batches = () => sent.flatMap((one) => (one.type === 'share' ? [one.batch] : []));
  return { time, disk, exchange, stored, batches };
}

test('what is confirmed is settled, and not sent again', async () => {
  const { time, stored, batches, exchange } = setUp();
  await stored(1);
  time.advance(10_000);
  assert.deepEqual(batches(), [1]);
  exchange.ended();
});

test('what cannot be noted as settled is sent again, and not at once', async () => {
  const { time, disk, stored, batches, exchange } = setUp();
  disk.isFull = true;
  await stored(1);
  assert.deepEqual(batches(), [1]);
  time.advance(2_000);
  assert.deepEqual(batches(), [1, 2]);
  disk.isFull = false;
  await stored(2);
  time.advance(10_000);
  assert.deepEqual(batches(), [1, 2]);
  exchange.ended();
  time.advance(10_000);
  assert.deepEqual(batches(), [1, 2]);
});
