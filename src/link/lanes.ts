import { invariant } from '../model/invariant.ts';
import type { Transport } from '../runtime/network.ts';

/** How much may wait on one connection; the table in DESIGN.md says what happens at each. */
export interface LaneLimits {
  /**
   * Bulk is handed over while less than this is unsent, so urgent messages wait behind little more. Transports say
   * that they have drained only when at least `unsentBytesMin` was unsent.
   */
  readonly unsentBytesMax: number;
  readonly bulkBytesMax: number;
  readonly bulkItemsMax: number;
  /** Urgent bytes that the peer may leave unread before it counts as dead. */
  readonly urgentBytesMax: number;
}

const unsentBytesMin = 65_537;

export const laneLimits: LaneLimits = {
  unsentBytesMax: 131_072,
  bulkBytesMax: 8_388_608,
  bulkItemsMax: 1_024,
  urgentBytesMax: 4_194_304,
};

/** Two lanes onto one transport: urgent frames go at once, bulk frames when there is room. */
export class Lanes {
  readonly #transport: Transport;
  readonly #limits: LaneLimits;
  #bulk: Uint8Array[] = [];
  #bulkAt = 0;
  #bulkBytes = 0;
  #urgentUnsentBytes = 0;
  #waiting: ((open: boolean) => void)[] = [];
  #closed = false;

  constructor(transport: Transport, limits: LaneLimits) {
    invariant(
      limits.unsentBytesMax >= unsentBytesMin,
      `bulk would stall: unsentBytesMax is ${limits.unsentBytesMax}`,
    );
    this.#transport = transport;
    this.#limits = limits;
    transport.onDrain(() => this.#drained());
  }

  /** False when the peer has left so much unread that nothing more should be sent. */
  sendUrgent(frame: Uint8Array): boolean {
    this.#urgentUnsentBytes =
      this.#transport.bufferedBytes === 0 ? 0 : this.#urgentUnsentBytes + frame.length;
    this.#transport.send(frame);
    return this.#urgentUnsentBytes <= this.#limits.urgentBytesMax;
  }

  /** False when the lane is full and the frame was not taken. An empty lane takes a frame of any size. */
  sendBulk(frame: Uint8Array): boolean {
    if (this.#items > 0 && (this.#isFull || this.#bulkBytes + frame.length > this.#limits.bulkBytesMax))
      return false;
    this.#bulk.push(frame);
    this.#bulkBytes += frame.length;
    this.#pump();
    return true;
  }

  /** Resolves with true once the bulk lane is at most half full, with false when the connection has closed. */
  room(): Promise<boolean> {
    if (this.#closed || this.#hasRoom) return Promise.resolve(!this.#closed);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.#closed = true;
    this.#bulk = [];
    this.#wake(false);
  }

  get #items(): number {
    return this.#bulk.length - this.#bulkAt;
  }

  get #isFull(): boolean {
    return this.#items >= this.#limits.bulkItemsMax;
  }

  get #hasRoom(): boolean {
    return this.#bulkBytes * 2 <= this.#limits.bulkBytesMax && this.#items * 2 <= this.#limits.bulkItemsMax;
  }

  #drained(): void {
    this.#urgentUnsentBytes = 0;
    this.#pump();
  }

  #pump(): void {
    while (!this.#closed && this.#transport.bufferedBytes < this.#limits.unsentBytesMax) {
      const frame = this.#bulk[this.#bulkAt];
      if (!frame) break;
      this.#bulkAt += 1;
      this.#bulkBytes -= frame.length;
      this.#transport.send(frame);
    }
    this.#compact();
    if (this.#hasRoom) this.#wake(true);
  }

  /** Frames already sent are let go once they are the larger part, so that taking one costs constant time. */
  #compact(): void {
    if (this.#bulkAt * 2 < this.#bulk.length) return;
    this.#bulk = this.#bulk.slice(this.#bulkAt);
    this.#bulkAt = 0;
  }

  #wake(open: boolean): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve(open);
  }
}
