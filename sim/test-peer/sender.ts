import { noteSent, planForwarding, type ForwardingState } from '../../src/journal/forwarding.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { Entry } from '../../src/model/entry.ts';
import type { Origin, Positions } from '../../src/model/origin.ts';
import type { Transport } from '../../src/runtime/network.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { decode, encode } from './codec.ts';

const tickMs = 250;
const bytesMax = 65_536;
const silenceMs = 2_500;

export interface SenderOptions {
  readonly runtime: Runtime;
  readonly journal: Journal;
  /** Core ID of this server. */
  readonly own: string;
  readonly transport: Transport;
  /** The other server told what is on its disk. */
  onStored(positions: Positions): void;
  /** A planted bug: where a connection begins, as the sender is made to see it. */
  readonly twistStart: (positions: Positions) => Positions;
}

/** One connection over which this server's journal goes to another, until it ends. */
export class Sender {
  readonly #options: SenderOptions;
  #state: ForwardingState = new Map();
  #stored: Record<Origin, number> = {};
  #heardMs: number;
  #live = false;
  #open = true;
  readonly #stopListening: () => void;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#heardMs = options.runtime.clock.monotonicMs();
    options.transport.onMessage((bytes) => this.#hear(bytes));
    this.#stopListening = options.journal.onCommit(() => this.#pump());
    this.#tick();
  }

  end(): void {
    this.#open = false;
    this.#stopListening();
  }

  #tick(): void {
    if (!this.#open) return;
    const { clock, timers } = this.#options.runtime;
    if (clock.monotonicMs() - this.#heardMs > silenceMs) return this.#options.transport.terminate();
    this.#options.transport.send(encode({ type: 'ping', id: 0 }));
    this.#pump();
    timers.after(tickMs, () => this.#tick());
  }

  #hear(bytes: Uint8Array): void {
    this.#heardMs = this.#options.runtime.clock.monotonicMs();
    const { message } = decode(bytes);
    if (message.type === 'welcome') {
      this.#stored = { ...this.#options.twistStart(message.positions ?? {}) };
      this.#live = true;
    }
    if (message.type === 'positions') this.#stored = { ...this.#stored, ...message.positions };
    if (message.type === 'positions' || message.type === 'welcome') this.#options.onStored(this.#stored);
    this.#pump();
  }

  #pump(): void {
    if (!this.#open || !this.#live) return;
    const { journal, own, runtime } = this.#options;
    const input = {
      own,
      ours: journal.positions(),
      theirs: this.#stored,
      nowMs: runtime.clock.monotonicMs(),
    };
    const [state, plan] = planForwarding(this.#state, input);
    this.#state = state;
    for (const { origin, afterSeq } of plan) this.#send(journal.read(origin, afterSeq, bytesMax));
  }

  #send(entries: readonly Entry[]): void {
    const last = entries.at(-1);
    if (!last) return;
    const headers = entries.map(({ body, checksum, ...rest }) => ({
      ...rest,
      checksum: Buffer.from(checksum).toString('hex'),
      bytes: body.length,
    }));
    const body = Buffer.concat(entries.map((entry) => entry.body));
    this.#options.transport.send(encode({ type: 'entries', entries: headers }, body));
    this.#state = noteSent(this.#state, last.origin, last.seq);
  }
}
