/**
 * A client of the virtual address, in a process of its own on a host of its own: asks every 10 ms and prints the time of
 * each answer on the monotonic clock. It keeps its connection as long as that answers, and knocks anew every 10 ms
 * when it does not; whoever opens is greeted by one handshake at a time, or the greetings of this client alone would keep
 * a busy server busy. `lost` is printed for each connection that broke under it.
 */
import { readFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { parseArgs } from 'node:util';
import { monotonicMs } from './monotonic.ts';

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '' },
    port: { type: 'string', default: '' },
    /** Asks by HTTPS as this identity; without it a connection that says something is an answer. */
    identity: { type: 'string' },
  },
});
const everyMs = 10;
const answerMsMax = 100;
const connectMsMax = 400;
const greetMsMax = 400;
const attemptsMax = 60;

const pem = values.identity === undefined ? null : readFileSync(values.identity, 'utf8');
const host = values.host;
const port = Number(values.port);
let live: { socket: Socket; askedMs: number | null } | null = null;
let greeting = false;
const attempts = new Set<Socket>();

setInterval(() => {
  if (live === null) return attempt();
  if (live.askedMs === null) return ask();
  if (monotonicMs() - live.askedMs > answerMsMax) lose();
}, everyMs);

function ask(): void {
  if (live === null) return;
  live.askedMs = monotonicMs();
  if (pem !== null) live.socket.write(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  else live.socket.write('?');
}

function lose(): void {
  if (live === null) return;
  const { socket } = live;
  live = null;
  console.log(`lost ${monotonicMs()}`);
  socket.destroy();
  attempt();
}

function attempt(): void {
  if (greeting || attempts.size >= attemptsMax) return;
  const socket = connectTcp({ host, port });
  attempts.add(socket);
  const timer = setTimeout(() => socket.destroy(), connectMsMax);
  socket.once('connect', () => {
    clearTimeout(timer);
    attempts.delete(socket);
    if (live !== null || greeting) socket.destroy();
    else if (pem === null) use(socket);
    else greet(socket, pem);
  });
  // What became of it is told by `close`.
  socket.on('error', () => undefined);
  socket.once('close', () => {
    clearTimeout(timer);
    attempts.delete(socket);
  });
}

function greet(socket: Socket, identity: string): void {
  greeting = true;
  const secure: TLSSocket = connectTls({
    socket,
    key: identity,
    cert: identity,
    ca: identity,
    checkServerIdentity: () => undefined,
  });
  const timer = setTimeout(() => secure.destroy(), greetMsMax);
  let isOver = false;
  const over = (): void => {
    clearTimeout(timer);
    if (!isOver) greeting = false;
    isOver = true;
  };
  secure.once('secureConnect', () => {
    over();
    use(secure);
  });
  secure.on('error', () => undefined);
  secure.once('close', over);
}

function use(socket: Socket): void {
  live = { socket, askedMs: null };
  ask();
  socket.on('data', (data) => {
    if (live?.socket !== socket || (pem !== null && !data.toString('latin1').startsWith('HTTP/1.1 200')))
      return;
    live.askedMs = null;
    console.log(`answer ${monotonicMs()}`);
  });
  socket.once('close', () => {
    if (live?.socket === socket) lose();
  });
}
