import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transport } from '../../src/runtime/network.ts';
import { sleep } from '../../src/runtime/timing.ts';
import { simCredentials } from './credentials.ts';
import type { SimProcess } from './process.ts';
import { Violation } from './violation.ts';
import { World } from './world.ts';

const pool = '00000000-0000-4000-8000-000000000000';
const credentials = simCredentials({ pool, kind: 'server', coreId: '11111111-0000-4000-8000-000000000000' });
const messageBytesMax = 1_000;

/** Two processes, one counting up over the network into the other. */
function counting(world: World, received: number[]): { a: SimProcess; b: SimProcess } {
  const b = world.machine('b').start('listener', async ({ runtime }) => {
    const onTransport = (transport: Transport): void =>
      transport.onMessage((message) => received.push(Buffer.from(message).readUInt32LE()));
    await runtime.network.listen({ host: 'b', port: 1, credentials, pool, messageBytesMax, onTransport });
  });
  const a = world.machine('a').start('sender', async ({ runtime }) => {
    await sleep(runtime.timers, 100);
    const options = { url: 'https://b:1', credentials, pool, messageBytesMax, timeoutMs: 1_000 };
    const transport = await runtime.network.connect(options);
    for (let i = 0; ; i += 1) {
      const message = Buffer.alloc(4);
      message.writeUInt32LE(i);
      transport.send(message);
      await sleep(runtime.timers, 10);
    }
  });
  return { a, b };
}

test('a connection keeps its order over delays, pauses and cuts', async () => {
  using world = new World(1);
  const received: number[] = [];
  const { b } = counting(world, received);
  await world.run(1_000);
  world.network.links.cut('a', 'b');
  await world.run(2_000);
  b.pause(500);
  world.network.links.heal('a', 'b');
  await world.run(5_000);
  assert.ok(received.length > 300, `${received.length} arrived`);
  assert.deepEqual(
    received,
    received.map((_, at) => at),
  );
});

test('nothing reaches a paused process and nothing leaves a dead one', async () => {
  using world = new World(2);
  const received: number[] = [];
  const { a, b } = counting(world, received);
  await world.run(1_000);
  const before = received.length;
  b.pause(1_000);
  await world.run(1_900);
  assert.equal(received.length, before);
  await world.run(2_500);
  assert.ok(received.length > before + 90);
  a.kill();
  await world.run(2_600);
  const atDeath = received.length;
  await world.run(4_000);
  assert.equal(received.length, atDeath);
});

test('the same seed gives the same trace, another seed another', async () => {
  const traceOf = async (seed: number): Promise<string> => {
    using world = new World(seed);
    counting(world, []);
    await world.run(3_000);
    return world.trace.hash;
  };
  assert.equal(await traceOf(7), await traceOf(7));
  assert.notEqual(await traceOf(7), await traceOf(8));
});

test('an error that nobody catches ends the process and the run', async () => {
  using world = new World(3);
  world.machine('a').start('careless', async ({ runtime }) => {
    await sleep(runtime.timers, 5);
    throw new TypeError('careless');
  });
  await assert.rejects(
    world.run(10),
    (error) => error instanceof Violation && /careless/.test(error.message),
  );
  assert.equal(world.machine('a').processes.length, 0);
});

test('a rejection that nobody handles counts as a crash too', async () => {
  using world = new World(4);
  world.machine('a').start('careless', ({ runtime }) => {
    runtime.timers.after(5, () => void Promise.reject(new TypeError('unheard')));
  });
  await assert.rejects(world.run(10), /unheard/);
});
