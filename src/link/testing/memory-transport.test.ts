import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from '../../runtime/timing.ts';
import { manualTime } from '../../runtime/manual-time.ts';
import { nodeTimers } from '../../runtime/node/clock.ts';
import { memoryTransports, type MemoryTransportOptions } from './memory-transport.ts';
import { contractMessageBytesMax, transportContract } from './transport-contract.ts';

const wait = (ms: number): Promise<void> => sleep(nodeTimers, ms);
const pool = '00000000-0000-4000-8000-000000000000';
const options: MemoryTransportOptions = {
  dialer: { pool, kind: 'agent', coreId: '00000000-0000-4000-8000-000000000001' },
  acceptor: { pool, kind: 'server', coreId: '00000000-0000-4000-8000-000000000002' },
  timers: nodeTimers,
  messageBytesMax: contractMessageBytesMax,
};

for (const [name, delayMs] of [
  ['at once', undefined],
  ['with delays', (bytes: number) => 1 + (bytes % 5)],
] as const)
  transportContract(`in memory, ${name}`, () => {
    const pair = memoryTransports(delayMs ? { ...options, delayMs } : options);
    return Promise.resolve({ ...pair, setDeaf: (deaf) => pair.setDeaf('acceptor', deaf), wait });
  });

test('a cut loses what is under way and is heard of on both ends', () => {
  const time = manualTime();
  const pair = memoryTransports({ ...options, timers: time.timers, delayMs: () => 10 });
  const seen: string[] = [];
  pair.acceptor.onMessage((message) => seen.push(Buffer.from(message).toString()));
  pair.dialer.onClose((why) => seen.push(`dialer: ${why}`));
  pair.acceptor.onClose((why) => seen.push(`acceptor: ${why}`));
  pair.dialer.send(Buffer.from('one'));
  time.advance(10);
  pair.dialer.send(Buffer.from('two'));
  pair.cut();
  time.advance(100);
  assert.deepEqual(seen, ['one', 'dialer: the connection was lost', 'acceptor: the connection was lost']);
});
