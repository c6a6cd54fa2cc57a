import { WatchError } from '../model/errors.ts';
import type { Timers } from '../runtime/clock.ts';

export interface CommitQueueLimits {
  /** More than this waiting, and the next one is refused with WK_OVERLOADED. */
  readonly itemsMax: number;
  readonly bytesMax: number;
  /** One transaction takes at most so many bytes (at least one job), so that it never holds the thread for long. */
  readonly transactionBytesMax: number;
}

export const commitQueueLimits: CommitQueueLimits = {
  itemsMax: 4_096,
  bytesMax: 64 * 1_048_576,
  transactionBytesMax: 512 * 1_024,
};

/** Reserved jobs fit in when the queue is full for all others, up to so many times the limits. */
const reservedShare = 2;

/**
 * Group commit: whatever arrived in one turn of the event loop goes into one transaction with one fsync. No delay is
 * added: while a commit blocks, the next batches gather in the sockets.
 */
export class CommitQueue<Job extends { readonly bytes: number }> {
  readonly #timers: Timers;
  readonly #limits: CommitQueueLimits;
  readonly #commit: (jobs: readonly Job[]) => void;
  #jobs: Job[] = [];
  #bytes = 0;
  #scheduled = false;

  constructor(timers: Timers, limits: CommitQueueLimits, commit: (jobs: readonly Job[]) => void) {
    this.#timers = timers;
    this.#limits = limits;
    this.#commit = commit;
  }

  get items(): number {
    return this.#jobs.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** WK_OVERLOADED when the queue is full. `reserved` is for those whose senders are few and bounded themselves. */
  add(job: Job, reserved = false): void {
    const share = reserved ? reservedShare : 1;
    const [itemsMax, bytesMax] = [share * this.#limits.itemsMax, share * this.#limits.bytesMax];
    if (this.#jobs.length >= itemsMax || (this.#bytes > 0 && this.#bytes + job.bytes > bytesMax))
      throw new WatchError(
        'WK_OVERLOADED',
        `${this.#jobs.length} batches (${this.#bytes} bytes) wait to be stored; try again`,
      );
    this.#jobs.push(job);
    this.#bytes += job.bytes;
    this.#schedule();
  }

  /** Commits everything that waits, now. */
  drain(): void {
    while (this.#jobs.length > 0) this.#commitSome();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#timers.soon(() => {
      this.#scheduled = false;
      if (this.#jobs.length > 0) this.#commitSome();
      if (this.#jobs.length > 0) this.#schedule();
    });
  }

  #commitSome(): void {
    let count = 0;
    let bytes = 0;
    for (const job of this.#jobs) {
      if (count > 0 && bytes + job.bytes > this.#limits.transactionBytesMax) break;
      bytes += job.bytes;
      count++;
    }
    const jobs = this.#jobs.splice(0, count);
    this.#bytes -= bytes;
    this.#commit(jobs);
  }
}
