import { randomBytes } from 'node:crypto';
import { connect as netConnect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { FuzzRandom } from '../fuzz/mutate.ts';

/**
 * Attacks one TLS port until its input ends, then says what became of its connections: `node attack-edge.ts PORT`. A
 * process of its own, so that what it costs here is not measured as what the server takes.
 */
export interface Attacked {
  readonly halfOpen: number;
  readonly noise: number;
  /** By what is said a byte at a time: connections, those that the server ended, and how long the longest of them lived. */
  readonly slow: Readonly<Record<string, { opened: number; ended: number; longestMs: number }>>;
}

const halfOpenCount = 1_000;
const slowEach = 40;
const byteEveryMs = 2_000;
const noiseEveryMs = 25;
const hosts = ['127.0.0.66', '127.0.0.67', '127.0.0.68', '127.0.0.69', '127.0.0.70'];
const tricklers = '127.0.0.71';
const fuzzers = '127.0.0.72';

const link =
  'GET /link HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ';
const sign =
  'POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n';
/** What each slow connection says at once, once TLS is there; then it goes on byte by byte. */
const slowly: Readonly<Record<string, string | null>> = {
  handshake: null,
  header: 'GET / HTTP/1.1\r\nHost: ',
  upgrade: link,
  body: sign,
};

/** A body has a minute, which nobody waits for here. */
const bounded = Object.keys(slowly).filter((what) => what !== 'body');

const sockets = new Set<Socket>();
const slow: Record<string, { opened: number; ended: number; longestMs: number }> = {};

function dial(port: number, localAddress: string): Socket {
  const socket = netConnect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  socket.resume();
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
  return socket;
}

function trickle(what: string, socket: Socket, bytes: Buffer): void {
  const counted = (slow[what] ??= { opened: 0, ended: 0, longestMs: 0 });
  counted.opened += 1;
  const startedMs = performance.now();
  let at = 0;
  const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), byteEveryMs);
  socket.once('close', () => {
    clearInterval(timer);
    if (attackState.isOver) return;
    counted.ended += 1;
    counted.longestMs = Math.max(counted.longestMs, Math.round(performance.now() - startedMs));
    if (bounded.every((each) => slow[each]?.ended === slowEach)) process.stdout.write('ended\n');
  });
}

/** What a TLS 1.3 client says first. */
async function clientHello(): Promise<Buffer> {
  const said = Promise.withResolvers<Buffer>();
  const server = createServer((socket) => socket.once('data', (chunk: Buffer) => said.resolve(chunk)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = tlsConnect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  client.on('error', () => undefined);
  const hello = await said.promise;
  client.destroy();
  server.close();
  return hello;
}

/** A hello with faults in it, cut off, or followed by what does not belong there. */
function spoiled(hello: Buffer, random: FuzzRandom): Buffer {
  const bytes = Buffer.from(hello);
  for (let faults = 1 + random.int(12); faults > 0; faults--)
    bytes[random.int(bytes.length)] = random.int(256);
  const cut = random.int(4) === 0 ? bytes.subarray(0, random.int(bytes.length)) : bytes;
  return random.int(3) === 0 ? Buffer.concat([cut, randomBytes(random.int(4_096))]) : cut;
}

function secure(port: number): TLSSocket {
  const socket = tlsConnect({ socket: dial(port, tricklers), rejectUnauthorized: false });
  socket.on('error', () => undefined);
  socket.resume();
  return socket;
}

const attackState = { isOver: false };

async function attack(port: number): Promise<void> {
  const hello = await clientHello();
  for (let i = 0; i < halfOpenCount; i++)
    dial(port, hosts[i % hosts.length] ?? '').write(hello.subarray(0, 5 + (i % 40)));
  for (const [what, first] of Object.entries(slowly))
    for (let i = 0; i < slowEach; i++) {
      if (first === null) trickle(what, dial(port, tricklers), hello);
      else {
        const socket = secure(port);
        socket.once('secureConnect', () => {
          socket.write(first);
          trickle(what, socket, Buffer.alloc(5_000, 'x'));
        });
      }
    }
  await pause(1_000);
  process.stdout.write('ready\n');
  const random = new FuzzRandom(7);
  let noise = 0;
  process.stdin.resume().once('end', () => (attackState.isOver = true));
  while (!attackState.isOver) {
    const socket = dial(port, fuzzers);
    socket.write(spoiled(hello, random));
    noise += 1;
    setTimeout(() => socket.destroy(), 2_000).unref();
    await pause(noiseEveryMs);
  }
  const said: Attacked = { halfOpen: halfOpenCount, noise, slow };
  process.stdout.write(`${JSON.stringify(said)}\n`);
  for (const socket of sockets) socket.destroy();
}

await attack(Number(process.argv[2]));
