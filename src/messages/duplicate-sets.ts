import type { MessageState } from '../model/operation.ts';
import type { Uuid } from '../model/uuid.ts';

const absent = 0;
const stateNumbers = { open: 1, acknowledged: 2 } as const satisfies Record<MessageState, number>;
const states = [1, 2] as const;
type StateNumber = (typeof states)[number];

/** Row 0 is no message, set 0 is no set. */
const none = 0;
/** The newest of a set is looked for when somebody asks. */
const unsure = 0xffff_ffff;

/** How many messages of a set are in each state, and the newest of them. */
interface Tally {
  count: Uint32Array;
  newest: Uint32Array;
}

export interface SetCounts {
  readonly key: number;
  readonly open: number;
  readonly acknowledged: number;
}

/**
 * Rows sorted into sets by a number of up to 52 bits, in typed arrays, since a million objects would cost ten times as
 * much. Each set is a chain through its rows. The newest of a set in each state is known; it is looked for anew in the
 * chain only after it changed its state and somebody asks, so that acknowledging a thousand at once costs one look.
 */
export class DuplicateSets {
  // By row.
  #setOf = new Uint32Array(1_024);
  #nextOf = new Uint32Array(1_024);
  #idHigh = new Uint32Array(1_024);
  #idLow = new Uint32Array(1_024);
  #stateOf = new Uint8Array(1_024);
  // By set.
  #keys = new Float64Array(256);
  #first = new Uint32Array(256);
  #tallies: Record<StateNumber, Tally> = { 1: tally(), 2: tally() };
  #sets = 0;
  /** Where each key's set stands, by open addressing; at most half full. */
  #slots = new Uint32Array(512);

  add(row: number, id: Uuid, key: number, state: MessageState): void {
    this.#makeRoom(row);
    // The first 64 bits: time, and what makes messages of one millisecond differ.
    this.#idHigh[row] = Number.parseInt(id.slice(0, 8), 16);
    this.#idLow[row] = Number.parseInt(id.slice(9, 13) + id.slice(14, 18), 16);
    const set = this.#find(key) || this.#make(key);
    this.#setOf[row] = set;
    this.#nextOf[row] = this.#first[set] ?? none;
    this.#first[set] = row;
    this.#enter(row, stateNumbers[state]);
  }

  /** Null: it left the view. A row that is unknown is left alone. */
  change(row: number, state: MessageState | null): void {
    if ((this.#setOf[row] ?? none) === none) return;
    this.#leave(row);
    if (state === null) this.#stateOf[row] = absent;
    else this.#enter(row, stateNumbers[state]);
  }

  /** The newest that says the same, in that state or in any; `none` where there is none. */
  newestLike(row: number, state: MessageState | undefined): number {
    const set = this.#setOf[row] ?? none;
    if (state !== undefined) return this.#newest(set, stateNumbers[state]);
    const [open, acknowledged] = [this.#newest(set, 1), this.#newest(set, 2)];
    return this.#isNewer(open, acknowledged) ? open : acknowledged;
  }

  countsLike(row: number): SetCounts {
    const set = this.#setOf[row] ?? none;
    const count = (state: StateNumber): number => this.#tallies[state].count[set] ?? 0;
    return { key: this.#keys[set] ?? 0, open: count(1), acknowledged: count(2) };
  }

  isIn(key: number): (row: number) => boolean {
    const set = this.#find(key);
    return (row) => set !== none && this.#setOf[row] === set;
  }

  #enter(row: number, state: StateNumber): void {
    const set = this.#setOf[row] ?? none;
    const { count, newest } = this.#tallies[state];
    this.#stateOf[row] = state;
    count[set] = (count[set] ?? 0) + 1;
    const known = newest[set] ?? none;
    if (known !== unsure && this.#isNewer(row, known)) newest[set] = row;
  }

  #leave(row: number): void {
    const set = this.#setOf[row] ?? none;
    for (const state of states) {
      if (this.#stateOf[row] !== state) continue;
      const { count, newest } = this.#tallies[state];
      count[set] = (count[set] ?? 0) - 1;
      if (newest[set] === row) newest[set] = unsure;
    }
  }

  #newest(set: number, state: StateNumber): number {
    const { newest } = this.#tallies[state];
    const known = newest[set] ?? none;
    if (known !== unsure) return known;
    let found = none;
    for (let row = this.#first[set] ?? none; row !== none; row = this.#nextOf[row] ?? none)
      if (this.#stateOf[row] === state && this.#isNewer(row, found)) found = row;
    newest[set] = found;
    return found;
  }

  #isNewer(row: number, than: number): boolean {
    if (row === none || than === none) return row !== none;
    const high = (this.#idHigh[row] ?? 0) - (this.#idHigh[than] ?? 0);
    if (high !== 0) return high > 0;
    const low = (this.#idLow[row] ?? 0) - (this.#idLow[than] ?? 0);
    return low === 0 ? row > than : low > 0;
  }

  #find(key: number): number {
    return this.#slots[this.#slotOf(key)] ?? none;
  }

  /** Where the key's set is, or would be put. */
  #slotOf(key: number): number {
    const mask = this.#slots.length - 1;
    let slot = (key >>> 0) & mask;
    for (;;) {
      const set = this.#slots[slot] ?? none;
      if (set === none || this.#keys[set] === key) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #make(key: number): number {
    this.#sets += 1;
    const set = this.#sets;
    if (set >= this.#keys.length) this.#widenSets();
    this.#keys[set] = key;
    if (set * 2 > this.#slots.length) {
      this.#slots = new Uint32Array(this.#slots.length * 2);
      for (let known = 1; known < set; known++) this.#slots[this.#slotOf(this.#keys[known] ?? 0)] = known;
    }
    this.#slots[this.#slotOf(key)] = set;
    return set;
  }

  #widenSets(): void {
    this.#keys = widened(this.#keys, new Float64Array(this.#keys.length * 2));
    this.#first = widened(this.#first, new Uint32Array(this.#first.length * 2));
    for (const state of states) {
      const { count, newest } = this.#tallies[state];
      this.#tallies[state] = {
        count: widened(count, new Uint32Array(count.length * 2)),
        newest: widened(newest, new Uint32Array(newest.length * 2)),
      };
    }
  }

  #makeRoom(row: number): void {
    if (row < this.#setOf.length) return;
    const size = 2 ** Math.ceil(Math.log2(row + 1));
    this.#setOf = widened(this.#setOf, new Uint32Array(size));
    this.#nextOf = widened(this.#nextOf, new Uint32Array(size));
    this.#idHigh = widened(this.#idHigh, new Uint32Array(size));
    this.#idLow = widened(this.#idLow, new Uint32Array(size));
    this.#stateOf = widened(this.#stateOf, new Uint8Array(size));
  }
}

function tally(): Tally {
  return { count: new Uint32Array(256), newest: new Uint32Array(256) };
}

function widened<A extends { set(from: A): void }>(from: A, into: A): A {
  into.set(from);
  return into;
}
