import type { Identity } from '../../model/identity.ts';
import type { Timers } from '../../runtime/clock.ts';
import type { Transport } from '../../runtime/network.ts';

/** Like a socket's: `onDrain` is only heard after this much was unsent. */
const drainAboveBytes = 65_536;
const closeTimeoutMs = 2_000;
const lost = 'the connection was lost';

export interface MemoryTransportOptions {
  readonly dialer: Identity;
  readonly acceptor: Identity;
  readonly timers: Timers;
  readonly messageBytesMax: number;
  /** How long a message of that many bytes is under way; messages never overtake each other. Default: one turn. */
  readonly delayMs?: (bytes: number) => number;
}

/** Two ends of one connection inside of one process, and what a network may do to them. */
export interface MemoryTransports {
  readonly dialer: Transport;
  readonly acceptor: Transport;
  /** Drops the connection; what is under way is lost, and both ends learn of it. */
  cut(): void;
  /** While deaf an end reads nothing, as a stopped process; its peer's unsent bytes grow. */
  setDeaf(end: 'dialer' | 'acceptor', deaf: boolean): void;
}

/** The link's transport without a network, for unit tests and for the simulator. */
export function memoryTransports(options: MemoryTransportOptions): MemoryTransports {
  const dialer = new MemoryEnd(options, options.acceptor);
  const acceptor = new MemoryEnd(options, options.dialer);
  dialer.join(acceptor);
  acceptor.join(dialer);
  return {
    dialer,
    acceptor,
    cut() {
      dialer.end(lost);
      acceptor.end(lost);
    },
    setDeaf: (end, deaf) => (end === 'dialer' ? dialer : acceptor).setDeaf(deaf),
  };
}

type Parcel = { readonly message: Uint8Array } | { readonly goodbye: string };

class MemoryEnd implements Transport {
  readonly peer: Identity;
  readonly remoteAddress = 'memory';
  readonly #options: MemoryTransportOptions;
  #other: MemoryEnd | null = null;
  /** What came and was not read yet, in order. */
  #inbox: Parcel[] = [];
  /** How many of them have had their time under way. */
  #due = 0;
  #deaf = false;
  #bufferedBytes = 0;
  #wantsDrain = false;
  #closing: string | null = null;
  #ended: string | null = null;
  #onMessage: ((message: Uint8Array) => void) | null = null;
  #onDrain: (() => void) | null = null;
  #onClose: ((why: string) => void) | null = null;

  constructor(options: MemoryTransportOptions, peer: Identity) {
    this.#options = options;
    this.peer = peer;
  }

  join(other: MemoryEnd): void {
    this.#other = other;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  send(message: Uint8Array): void {
    if (this.#closing !== null || this.#ended !== null) return;
    this.#bufferedBytes += message.length;
    if (this.#bufferedBytes > drainAboveBytes) this.#wantsDrain = true;
    // The sender may use its buffer again, as with a socket that has taken the bytes.
    this.#post({ message: Uint8Array.from(message) }, message.length);
  }

  onMessage(handler: (message: Uint8Array) => void): void {
    this.#onMessage = handler;
    this.#options.timers.soon(() => this.#read());
  }

  onDrain(handler: () => void): void {
    this.#onDrain = handler;
  }

  onClose(handler: (why: string) => void): void {
    if (this.#ended !== null) handler(this.#ended);
    else this.#onClose = handler;
  }

  close(why: string): void {
    if (this.#closing !== null || this.#ended !== null) return;
    this.#closing = why;
    this.#post({ goodbye: why }, 0);
    this.#options.timers.after(closeTimeoutMs, () => this.#abandon(why));
  }

  terminate(): void {
    this.#abandon('dropped by us');
  }

  setDeaf(deaf: boolean): void {
    this.#deaf = deaf;
    if (!deaf) this.#options.timers.soon(() => this.#read());
  }

  end(why: string): void {
    if (this.#ended !== null) return;
    this.#ended = why;
    this.#inbox = [];
    this.#options.timers.soon(() => this.#onClose?.(why));
  }

  #abandon(why: string): void {
    if (this.#ended !== null) return;
    this.end(why);
    this.#later(0, () => this.#other?.end(lost));
  }

  #post(parcel: Parcel, bytes: number): void {
    this.#other?.arrive(parcel, bytes);
  }

  arrive(parcel: Parcel, bytes: number): void {
    this.#inbox.push(parcel);
    this.#later(bytes, () => {
      this.#due += 1;
      this.#read();
    });
  }

  #later(bytes: number, run: () => void): void {
    const delayMs = this.#options.delayMs?.(bytes) ?? 0;
    if (delayMs > 0) this.#options.timers.after(delayMs, run);
    else this.#options.timers.soon(run);
  }

  #read(): void {
    while (this.#due > 0 && !this.#deaf && this.#onMessage && this.#ended === null) {
      const parcel = this.#inbox.shift();
      if (!parcel) return;
      this.#due -= 1;
      if ('goodbye' in parcel) this.#partWith(parcel.goodbye);
      else this.#accept(parcel.message);
    }
  }

  #accept(message: Uint8Array): void {
    this.#other?.taken(message.length);
    if (message.length > this.#options.messageBytesMax) {
      this.end(`the peer sent a message larger than ${this.#options.messageBytesMax} bytes`);
      this.#other?.end('message too large');
    } else if (this.#closing === null) this.#onMessage?.(message);
  }

  #partWith(why: string): void {
    this.#other?.end(this.#other.#closing ?? why);
    this.end(this.#closing ?? why);
  }

  taken(bytes: number): void {
    this.#bufferedBytes -= bytes;
    if (!this.#wantsDrain || this.#bufferedBytes > 0) return;
    this.#wantsDrain = false;
    this.#options.timers.soon(() => this.#ended === null && this.#onDrain?.());
  }
}
