import type { Transport } from '../../src/runtime/network.ts';
import { contractMessageBytesMax, transportContract } from '../../src/link/testing/transport-contract.ts';
import { simCredentials } from './credentials.ts';
import { World } from './world.ts';

const pool = '00000000-0000-4000-8000-000000000000';
const credentials = simCredentials({ pool, kind: 'server', coreId: '11111111-0000-4000-8000-000000000000' });
const messageBytesMax = contractMessageBytesMax;

let seed = 0;

/** Two processes of a world whose only work is to hold the ends of one connection. */
transportContract('simulated', async () => {
  const world = new World((seed += 1));
  const ends: { dialer?: Transport; acceptor?: Transport } = {};
  const b = world.machine('b').start('acceptor', async ({ runtime }) => {
    const onTransport = (transport: Transport): void => void (ends.acceptor = transport);
    await runtime.network.listen({ host: 'b', port: 1, credentials, pool, messageBytesMax, onTransport });
  });
  await world.run(50);
  world.machine('a').start('dialer', async ({ runtime }) => {
    const options = { url: 'https://b:1', credentials, pool, messageBytesMax, timeoutMs: 1_000 };
    ends.dialer = await runtime.network.connect(options);
  });
  const wait = (ms: number): Promise<void> => world.run(world.scheduler.nowMs + ms);
  await wait(500);
  const { dialer, acceptor } = ends;
  if (!dialer || !acceptor) throw new Error('not connected');
  return {
    dialer,
    acceptor,
    wait,
    setDeaf: (deaf) => (deaf ? b.pause(3_000) : undefined),
    dispose: () => world[Symbol.dispose](),
  };
});
