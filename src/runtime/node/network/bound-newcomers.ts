import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import { networkOf } from '../../../model/network-of.ts';
import { nodeClock } from '../clock.ts';
import type { ListenLimits } from './listen.ts';

/** Addresses remembered; beyond it the one longest unheard is forgotten. */
const callersMax = 10_000;

interface Caller {
  handshakes: number;
  tokens: number;
  filledMs: number;
}

interface Handshake {
  readonly caller: Caller;
  readonly socket: Socket;
}

/**
 * Drops connections before a byte of them is read when too many handshakes are under way from one address, or too many
 * came from it: a handshake costs us a signature, and costs who never ends it nothing. When too many are under way in
 * all, the oldest goes: an honest one is done within milliseconds, so whoever fills the places drives out their own.
 */
export function boundNewcomers(
  server: Server,
  limits: ListenLimits,
  refused: (why: string, address: string) => void,
): void {
  const callers = new Map<string, Caller>();
  const pending = new Map<string, Handshake>();
  const settle = (key: string): void => {
    const handshake = pending.get(key);
    if (handshake) handshake.caller.handshakes -= 1;
    pending.delete(key);
  };
  const dropOldest = (): void => {
    const [oldest] = pending;
    if (oldest === undefined) return;
    const [key, { socket }] = oldest;
    refused('too many handshakes at once', networkOf(socket.remoteAddress ?? 'unknown'));
    settle(key);
    socket.destroy();
  };
  server.on('connection', (socket: Socket) => {
    const address = networkOf(socket.remoteAddress ?? 'unknown');
    const caller = callerAt(callers, address, limits);
    const why = whyTooMany(caller, limits);
    if (why !== null) {
      refused(why, address);
      socket.destroy();
      return;
    }
    // A closed socket does not know its ends any more.
    const key = keyOf(socket);
    caller.tokens -= 1;
    caller.handshakes += 1;
    pending.set(key, { caller, socket });
    if (pending.size > limits.handshakesMax) dropOldest();
    socket.once('close', () => settle(key));
  });
  server.on('secureConnection', (socket) => settle(keyOf(socket)));
}

/** The TLS socket is another object than the one that it came on, with the same ends. */
function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

function callerAt(callers: Map<string, Caller>, address: string, limits: ListenLimits): Caller {
  const nowMs = nodeClock.monotonicMs();
  const known = callers.get(address) ?? { handshakes: 0, tokens: limits.connectionBurst, filledMs: nowMs };
  const filled = known.tokens + ((nowMs - known.filledMs) / 1_000) * limits.connectionsPerSecond;
  known.tokens = Math.min(limits.connectionBurst, filled);
  known.filledMs = nowMs;
  // A Map keeps the order of insertion, so the first is the one longest unheard.
  callers.delete(address);
  callers.set(address, known);
  const [oldest] = callers.keys();
  if (callers.size > callersMax && oldest !== undefined) callers.delete(oldest);
  return known;
}

function whyTooMany(caller: Caller, limits: ListenLimits): string | null {
  if (caller.handshakes >= limits.handshakesPerAddressMax)
    return 'too many handshakes at once from one address';
  return caller.tokens < 1 ? 'too many connections from one address' : null;
}
