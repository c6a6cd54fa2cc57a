import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Identity } from '../../../model/identity.ts';
import { textOf } from '../../../model/errors.ts';
import type { Transport } from '../../network.ts';

/** How long a closing connection waits for the peer's goodbye. */
export const closeTimeoutMs = 2_000;

/** What closes without a reason in words mean. */
const closeTexts: Readonly<Record<number, string>> = {
  1005: 'the peer closed the connection',
  1006: 'the connection was lost',
  1009: 'the peer does not take a message of that size',
};

const closeReasonBytesMax = 123;

/** What both ends of the link set on their WebSocket. */
export const webSocketOptions = {
  perMessageDeflate: false,
  // The link has its own ping; answering the WebSocket's would let a peer fill our send queue.
  autoPong: false,
  closeTimeout: closeTimeoutMs,
  maxFragments: 1_024,
} as const;

/**
 * A WebSocket as a Transport. It stays paused until the owner has set `onMessage`, so that a message which came
 * right behind the handshake is not lost.
 */
export class WsTransport implements Transport {
  readonly peer: Identity;
  readonly remoteAddress: string;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  #ourReason: string | null = null;
  #error: string | null = null;
  #closedWhy: string | null = null;
  #onClose: ((why: string) => void) | null = null;

  constructor(webSocket: WebSocket, socket: Socket, peer: Identity) {
    this.peer = peer;
    this.remoteAddress = socket.remoteAddress ?? 'unknown';
    this.#webSocket = webSocket;
    this.#socket = socket;
    socket.setNoDelay(true);
    webSocket.pause();
    webSocket.on('error', (error) => (this.#error = textOf(error)));
    webSocket.on('close', (code, reason) => this.#closed(code, reason.toString()));
  }

  get bufferedBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  send(message: Uint8Array): void {
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#webSocket.send(message, { binary: true });
  }

  onMessage(handler: (message: Uint8Array) => void): void {
    this.#webSocket.on('message', (data, isBinary) => {
      if (this.#ourReason !== null) return;
      if (!isBinary || !Buffer.isBuffer(data)) return this.#refuse(1003, 'the peer sent a text message');
      handler(data);
    });
    this.#webSocket.resume();
  }

  onDrain(handler: () => void): void {
    this.#socket.on('drain', handler);
  }

  onClose(handler: (why: string) => void): void {
    if (this.#closedWhy !== null) handler(this.#closedWhy);
    else this.#onClose = handler;
  }

  close(why: string): void {
    this.#refuse(1000, why);
  }

  terminate(): void {
    this.#ourReason ??= 'dropped by us';
    this.#webSocket.terminate();
  }

  #refuse(code: number, why: string): void {
    this.#ourReason ??= why;
    this.#webSocket.resume();
    this.#webSocket.close(code, cutToBytes(why, closeReasonBytesMax));
  }

  #closed(code: number, reason: string): void {
    this.#closedWhy = this.#ourReason ?? this.#error ?? (reason || (closeTexts[code] ?? `code ${code}`));
    this.#onClose?.(this.#closedWhy);
  }
}

function cutToBytes(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return text;
  // A cut character decodes to U+FFFD, which is longer than what was cut: dropped.
  return bytes
    .subarray(0, bytesMax)
    .toString()
    .replace(/\uFFFD+$/, '');
}
