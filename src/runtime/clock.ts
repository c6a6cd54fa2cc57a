export interface Clock {
  /**
   * Milliseconds of the machine's monotonic clock (fractions included). The same clock for every process of one
   * machine, so that a keeper can hand its server a deadline. For durations and deadlines only.
   */
  monotonicMs(): number;
  /** Milliseconds since 1970 by the wall clock, which may jump. For display and stamps, never for durations. */
  wallMs(): number;
  /** The time zone that this machine is set to, by its IANA name. */
  timeZone(): string;
}

export interface Timer {
  cancel(): void;
}

export interface Timers {
  /** Runs once after at least `delayMs`. A timer does not keep a process alive by itself. */
  after(delayMs: number, run: () => void): Timer;
  /** Runs after what is already waiting in this turn (I/O callbacks included) had its chance. */
  soon(run: () => void): void;
}
