import type { Clock, Timer, Timers } from '../runtime/clock.ts';

export interface HeartbeatTimes {
  readonly pingEveryMs: number;
  /** Nothing heard for this long: the peer is gone. */
  readonly silentAfterMs: number;
}

export const heartbeatTimes: HeartbeatTimes = { pingEveryMs: 1_000, silentAfterMs: 3_000 };

interface HeartbeatOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly times: HeartbeatTimes;
  /** Null on the side that only answers. */
  readonly ping: ((id: number) => void) | null;
  readonly onSilent: () => void;
}

/** One end's watch over the other: the dialer asks, both notice silence, whichever half of the line broke. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #timer: Timer;
  #heardMs: number;
  #tickedMs: number;
  #lastId = 0;
  #askedMs = 0;
  /** The round trip of the last ping that was answered. */
  roundTripMs: number | null = null;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#heardMs = this.#tickedMs = options.clock.monotonicMs();
    this.#timer = this.#arm();
  }

  heard(): void {
    this.#heardMs = this.#options.clock.monotonicMs();
  }

  answered(id: number): void {
    if (id === this.#lastId) this.roundTripMs = this.#options.clock.monotonicMs() - this.#askedMs;
  }

  stop(): void {
    this.#timer.cancel();
  }

  #arm(): Timer {
    return this.#options.timers.after(this.#options.times.pingEveryMs, () => this.#tick());
  }

  #tick(): void {
    const { clock, times, ping, onSilent } = this.#options;
    const nowMs = clock.monotonicMs();
    // A late tick means that we were paused ourselves: what the peer said meanwhile has not been read yet.
    const wasPaused = nowMs - this.#tickedMs > 2 * times.pingEveryMs;
    this.#tickedMs = nowMs;
    if (!wasPaused && nowMs - this.#heardMs > times.silentAfterMs) return onSilent();
    this.#timer = this.#arm();
    if (!ping) return;
    this.#lastId += 1;
    this.#askedMs = nowMs;
    ping(this.#lastId);
  }
}
