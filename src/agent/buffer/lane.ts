import type { Settlement } from './append.ts';
import { batchLimits, encodeBatch, type Batch, type NodeName } from './batch.ts';
import { Claims } from './claims.ts';
import type { BufferStore, Range, Row } from './store.ts';

interface Ports {
  readonly node: NodeName;
  /** That of now: a damaged one is replaced. */
  store(): BufferStore;
  generation(): number;
  /** Nothing may be taken now: enough is on its way, or the buffer is no use. */
  holdsBack(): boolean;
  /** Null when it cannot be read; what is to be done about that is done. */
  read<T>(read: () => T): T | null;
  settle(settlement: Settlement): void;
}

/**
 * What waits in the buffer for one pool: the agent's own (an empty target), or another that policies send messages to.
 * Each lane has its own place, batches and answers; the rows, the cap and the books are of the buffer as a whole.
 */
export class Lane {
  readonly target: string;
  readonly claims = new Claims();
  readonly #ports: Ports;
  #next: number;
  #nextOnce = 0;

  constructor(target: string, ports: Ports) {
    this.target = target;
    this.#ports = ports;
    this.#next = this.#firstUnsent();
  }

  /** The next batch to send: what was given back, then what is new. Null when there is none or enough is on the way. */
  take(): Batch | null {
    const returned = this.claims.takeReturned();
    if (returned) return returned;
    const store = this.#ports.store();
    const { countMax, bytesMax } = batchLimits;
    const batch = this.#claim(() => store.unsent(this.target, this.#next, countMax, bytesMax));
    if (batch) this.#next = batch.to + 1;
    else if (!this.#ports.holdsBack()) this.#next = store.lastSeq + 1;
    return batch;
  }

  /** About how many messages `take` still has to give; never 0 when there are some. */
  get unsentCount(): number {
    return this.claims.returnedCount + Math.max(0, this.#ports.store().lastSeq - this.#next + 1);
  }

  /** The next batch of messages that one server has, to get them a second copy. Call when nothing else is to do. */
  takeOnce(): Batch | null {
    const store = this.#ports.store();
    if (store.totals.onceBytes === 0) return null;
    const { countMax, bytesMax } = batchLimits;
    const batch = this.#claim(() => store.once(this.target, this.#nextOnce, countMax, bytesMax));
    if (batch) this.#nextOnce = batch.to + 1;
    else if (!this.claims.anyForSecondCopy) this.#nextOnce = 0;
    return batch;
  }

  /** Not stored: they will be the next that `take` gives, as they are. */
  giveBack(batches: readonly Batch[]): void {
    this.claims.giveBack(batches);
  }

  /** The pool stored the batch; `refused` are the positions of messages that it will never take. */
  settle(batch: Batch, copies: number, wanted: number, refused: readonly number[]): void {
    const { from, to, generation, copies: before, seqs } = batch;
    this.claims.remove(batch);
    const refusedSeqs = refused.flatMap((index) => seqs[index] ?? []);
    const stored = copies >= wanted;
    this.#ports.settle({ target: this.target, from, to, generation, before, stored, refused: refusedSeqs });
  }

  /** A batch that was stored once is stored as often as wanted now. */
  settleSecond({ from, to, generation }: Range & { readonly generation: number }): void {
    const { target } = this;
    this.#ports.settle({ target, from, to, generation, before: 1, stored: true, refused: [] });
  }

  /** What is on its way is forgotten: its rows are gone. */
  forget(): void {
    this.claims.clear();
    this.#next = 0;
    this.#nextOnce = 0;
  }

  #firstUnsent(): number {
    const store = this.#ports.store();
    return this.#ports.read(() => store.firstUnsent(this.target) ?? store.lastSeq + 1) ?? 0;
  }

  #claim(read: () => Row[]): Batch | null {
    if (this.#ports.holdsBack()) return null;
    const rows = this.#ports.read(read);
    const [first, last] = [rows?.[0], rows?.at(-1)];
    if (!rows || !first || !last) return null;
    const batch: Batch = {
      target: this.target,
      from: first.seq,
      to: last.seq,
      seqs: rows.map(({ seq }) => seq),
      bytes: rows.reduce((sum, row) => sum + row.bytes, 0),
      copies: first.copies,
      body: encodeBatch(
        this.#ports.node,
        rows.map(({ body }) => body),
      ),
      generation: this.#ports.generation(),
    };
    this.claims.add(batch);
    return batch;
  }
}
