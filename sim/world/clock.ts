import type { Clock, Timers } from '../../src/runtime/clock.ts';
import type { SimProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** Virtual time 0 on the wall: some day in 2026. */
export const epochMs = 1_780_000_000_000;

/** One machine's two clocks. `rate` is how many of its milliseconds pass in one of virtual time. */
export class MachineClock {
  readonly rate: number;
  readonly #bootedMs: number;
  #wallOffsetMs: number;

  constructor(options: { rate: number; wallOffsetMs: number; bootedMs: number }) {
    this.rate = options.rate;
    this.#wallOffsetMs = options.wallOffsetMs;
    this.#bootedMs = options.bootedMs;
  }

  monotonicMs(virtualMs: number): number {
    return this.#bootedMs + virtualMs * this.rate;
  }

  wallMs(virtualMs: number): number {
    return Math.floor(epochMs + virtualMs * this.rate + this.#wallOffsetMs);
  }

  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }
}

/** What a process reads: its machine's clock, which went on while the process was stalled within this event. */
export function processClock(process: SimProcess, clock: MachineClock): Clock {
  return {
    monotonicMs: () => clock.monotonicMs(process.localMs()),
    wallMs: () => clock.wallMs(process.localMs()),
    timeZone: () => 'UTC',
  };
}

export function processTimers(process: SimProcess, clock: MachineClock, scheduler: Scheduler): Timers {
  return {
    after(delayMs, run) {
      const dueMs = process.localMs() + Math.max(0, Math.ceil(delayMs)) / clock.rate;
      const event = scheduler.at(dueMs, 'timer', run, { owner: process });
      return {
        cancel() {
          event.cancelled = true;
        },
      };
    },
    soon(run) {
      scheduler.at(process.localMs() + 0.001, 'soon', run, { owner: process });
    },
  };
}
