/**
 * A hybrid logical clock stamp: microseconds since 1970 by the wall clock, raised where needed so that it only
 * grows. One number, exact in a double until the year 2255; a millisecond has room for 1,000 stamps and the
 * thousand-and-first borrows from the next.
 */
export type Hlc = number;

/** A remote stamp further ahead of our wall than this does not pull our own clock along. */
export const hlcAheadMsMax = 60_000;

export class HybridClock {
  #last: Hlc;

  /** `floor` is the highest stamp in the journal, so that a wall clock set back never repeats one. */
  constructor(floor: Hlc) {
    this.#last = floor;
  }

  next(wallMs: number): Hlc {
    this.#last = Math.max(this.#last + 1, Math.floor(wallMs) * 1_000);
    return this.#last;
  }

  /** Learns of a stamp made elsewhere. One far ahead is stored as it is but does not move this clock. */
  observe(remote: Hlc, wallMs: number): 'observed' | 'too far ahead' {
    if (remote > (wallMs + hlcAheadMsMax) * 1_000) return 'too far ahead';
    this.#last = Math.max(this.#last, remote);
    return 'observed';
  }

  get last(): Hlc {
    return this.#last;
  }
}

export function hlcMs(stamp: Hlc): number {
  return Math.floor(stamp / 1_000);
}
