import type { Uuid } from '../../model/uuid.ts';
import type { Clock, Timer, Timers } from '../../runtime/clock.ts';

/** How long an acknowledgement waits for the second copy before it says that there is one. */
export const secondCopyMs = 1_000;

/** Who waits for one entry's second copy. `copies` is called with 1 when time is up, and with 2 when it is there. */
export interface CopyWaiter {
  readonly seq: number;
  copies(copies: 1 | 2): void;
  /** One copy was said, and of the second this waiter will not hear: too many wait for theirs. */
  forgotten?(): void;
}

/** Beyond this, the oldest that were told "one copy" are not told of the second; their agents ask again. */
export const laterMax = 100_000;

interface Waiting extends CopyWaiter {
  readonly sinceMs: number;
  forgotten(): void;
  cancelled: boolean;
}

/**
 * Which of our own journal's entries are on the disk of one more server. Entries are numbered in the order of their
 * commits and members tell a position, so one number says it all: the highest position any other member has of us.
 *
 * While the pool is at risk (an entry waited longer than `secondCopyMs`, or no member is connected) nobody waits: one
 * copy is said at once and the second when it comes.
 */
export class Copies {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #listed: () => number;
  readonly #laterMax: number;
  readonly #positions = new Map<Uuid, number>();
  /** Nothing was said yet, by sequence number. */
  #fresh: Waiting[] = [];
  /** One copy was said, by sequence number. */
  #later: Waiting[] = [];
  #timer: Timer | null = null;

  /** `listed` says how many servers the pool lists, this one included. */
  constructor(ports: { clock: Clock; timers: Timers; listed: () => number; laterMax?: number }) {
    this.#clock = ports.clock;
    this.#timers = ports.timers;
    this.#listed = ports.listed;
    this.#laterMax = ports.laterMax ?? laterMax;
  }

  /** Copies that are wanted: two, or one in a pool of one server. */
  get wanted(): 1 | 2 {
    return this.#listed() > 1 ? 2 : 1;
  }

  get atRisk(): { is: boolean; because: string } {
    if (this.wanted === 1) return { is: false, because: 'the pool has one server' };
    if (this.#positions.size === 0) return { is: true, because: 'no other server is connected' };
    if (this.#later.some((waiting) => !waiting.cancelled)) {
      return { is: true, because: 'no other server stores new entries within 1 s' };
    }
    return { is: false, because: 'new entries are stored twice' };
  }

  /** A member told how far it has stored our journal; null when its connection is gone. */
  memberStored(coreId: Uuid, seq: number | null): void {
    if (seq === null) this.#positions.delete(coreId);
    else this.#positions.set(coreId, Math.max(seq, this.#positions.get(coreId) ?? 0));
    this.#settle();
  }

  /** Call once the entry is committed here. The handle takes the waiter back (its connection is gone). */
  wait(waiter: CopyWaiter): { cancel(): void } {
    if (this.wanted === 1) {
      waiter.copies(1);
      return { cancel: () => undefined };
    }
    const waiting: Waiting = {
      seq: waiter.seq,
      copies: (copies) => waiter.copies(copies),
      forgotten: () => waiter.forgotten?.(),
      sinceMs: this.#clock.monotonicMs(),
      cancelled: false,
    };
    this.#fresh.push(waiting);
    this.#settle();
    return {
      cancel: () => {
        waiting.cancelled = true;
      },
    };
  }

  close(): void {
    this.#timer?.cancel();
    this.#fresh = [];
    this.#later = [];
  }

  #settle(): void {
    // The other servers were taken out of the pool: one copy is all that is wanted from now on.
    if (this.wanted === 1) tell([...this.#later.splice(0), ...this.#fresh.splice(0)], 1);
    const stored = Math.max(0, ...this.#positions.values());
    tell(
      takeWhile(this.#later, (waiting) => waiting.seq <= stored || waiting.cancelled),
      2,
    );
    tell(
      takeWhile(this.#fresh, (waiting) => waiting.seq <= stored || waiting.cancelled),
      2,
    );
    const overdueMs = this.#clock.monotonicMs() - secondCopyMs;
    const late = this.atRisk.is
      ? takeWhile(this.#fresh, () => true)
      : takeWhile(this.#fresh, (waiting) => waiting.sinceMs <= overdueMs);
    tell(late, 1);
    for (const waiting of late) this.#later.push(waiting);
    this.#forgetOldest();
    this.#arm();
  }

  #forgetOldest(): void {
    const tooMany = this.#later.length - this.#laterMax;
    if (tooMany <= 0) return;
    for (const waiting of this.#later.splice(0, tooMany)) if (!waiting.cancelled) waiting.forgotten();
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const first = this.#fresh[0];
    if (!first) return;
    const dueMs = first.sinceMs + secondCopyMs - this.#clock.monotonicMs();
    this.#timer = this.#timers.after(Math.max(1, dueMs), () => this.#settle());
  }
}

/** Removes and returns the front of `queue` for as long as `matches`. */
function takeWhile(queue: Waiting[], matches: (waiting: Waiting) => boolean): Waiting[] {
  const end = queue.findIndex((waiting) => !matches(waiting));
  return queue.splice(0, end === -1 ? queue.length : end);
}

function tell(waiters: readonly Waiting[], copies: 1 | 2): void {
  for (const waiting of waiters) if (!waiting.cancelled) waiting.copies(copies);
}
