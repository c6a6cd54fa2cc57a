import { Heap } from './heap.ts';
import type { SeededRandom } from './random.ts';
import type { Trace } from './trace.ts';

/** Whose event it is: a dead owner's events vanish, a frozen owner's wait until it thaws. */
export interface Owner {
  readonly name: string;
  readonly alive: boolean;
  /** Until this virtual time the owner takes no events. */
  readonly frozenUntilMs: number;
  /** The same for events of streams, a moment later: after a thaw now timers come first, now what was received. */
  readonly streamsFrozenUntilMs: number;
  /** Something threw out of an event of this owner: where a real process would have crashed. */
  crashed(error: unknown): void;
}

export interface SimEvent {
  atMs: number;
  readonly tie: number;
  readonly order: number;
  readonly label: string;
  readonly owner: Owner | null;
  /** Events of one stream keep their order, whatever holds them up. */
  readonly stream: string | null;
  readonly run: () => void;
  cancelled: boolean;
}

export interface EventOptions {
  readonly owner?: Owner | null;
  readonly stream?: string;
}

// Taken before any trap is set.
const realImmediate = setImmediate;

/**
 * Runs every promise reaction and next tick that is due, and reports rejections that nobody handles, as happens
 * between two callbacks of the event loop. Far cheaper than a turn of the loop; not to be called within a reaction.
 */
const drain = settler();

function settler(): () => void {
  const settle: unknown = Reflect.get(process, '_tickCallback');
  if (typeof settle !== 'function') throw new Error('this Node has no process._tickCallback');
  return () => void Reflect.apply(settle, process, []);
}

/** Virtual time: one event after the other, every promise settled in between, ties broken by the seed. */
export class Scheduler {
  readonly #events = new Heap<SimEvent>(before);
  readonly #streamTails = new Map<string, number>();
  readonly #numbers = new Map<string, number>();
  readonly #random: SeededRandom;
  readonly #trace: Trace;
  #order = 0;
  #count = 0;
  #nowMs = 0;
  #current: Owner | null = null;

  constructor(random: SeededRandom, trace: Trace) {
    this.#random = random;
    this.#trace = trace;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get eventCount(): number {
    return this.#count;
  }

  /** Whose event is running. */
  get current(): Owner | null {
    return this.#current;
  }

  at(atMs: number, label: string, run: () => void, options: EventOptions = {}): SimEvent {
    const stream = options.stream ?? null;
    const event: SimEvent = {
      atMs: this.#afterTail(Math.max(atMs, this.#nowMs), stream),
      tie: stream === null ? this.#random.int(0x1_0000_0000) : -1,
      order: (this.#order += 1),
      label,
      owner: options.owner ?? null,
      stream,
      run,
      cancelled: false,
    };
    this.#events.push(event);
    return event;
  }

  after(delayMs: number, label: string, run: () => void, options: EventOptions = {}): SimEvent {
    return this.at(this.#nowMs + delayMs, label, run, options);
  }

  #numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  #afterTail(atMs: number, stream: string | null): number {
    if (stream === null) return atMs;
    const at = Math.max(atMs, (this.#streamTails.get(stream) ?? 0) + 0.000_1);
    this.#streamTails.set(stream, at);
    return at;
  }

  endStream(stream: string): void {
    this.#streamTails.delete(stream);
  }

  /** Runs until virtual time `untilMs`; stops earlier when `stop` says so after an event. */
  run(untilMs: number, stop: () => boolean = () => false): Promise<void> {
    return new Promise((resolve, reject) => {
      realImmediate(() => {
        try {
          resolve(this.#runAll(untilMs, stop));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  #runAll(untilMs: number, stop: () => boolean): void {
    for (let event = this.#events.peek(); event && event.atMs <= untilMs; event = this.#events.peek()) {
      this.#events.pop();
      if (event.cancelled || event.owner?.alive === false) continue;
      if (this.#deferred(event)) continue;
      this.#nowMs = Math.max(this.#nowMs, event.atMs);
      this.#fire(event);
      if (stop()) return;
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** What is due while its owner is frozen comes, in the order it would have come, in a burst after the thaw. */
  #deferred(event: SimEvent): boolean {
    if (event.owner === null) return false;
    const untilMs = event.stream === null ? event.owner.frozenUntilMs : event.owner.streamsFrozenUntilMs;
    if (untilMs <= event.atMs) return false;
    event.atMs = event.stream === null ? untilMs + this.#random.unit() * 0.1 : untilMs;
    this.#events.push(event);
    return true;
  }

  #fire(event: SimEvent): void {
    this.#count += 1;
    this.#current = event.owner;
    // Tenths of a microsecond; the number of a name is the same in every run, as names come up in the same order.
    this.#trace.mixNumbers(
      this.#nowMs * 10_000,
      this.#numberOf(event.owner?.name ?? '-'),
      this.#numberOf(event.label),
    );
    try {
      event.run();
    } catch (error) {
      if (event.owner === null) throw error;
      event.owner.crashed(error);
    }
    drain();
    this.#current = null;
  }
}

function before(a: SimEvent, b: SimEvent): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  // Events of streams stand before others here: in their own order, as a thaw brings many of them at one time.
  if (a.tie !== b.tie) return a.tie < b.tie;
  return a.order < b.order;
}
