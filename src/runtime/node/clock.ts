import type { Clock, Timers } from '../clock.ts';

/** `process.hrtime` is CLOCK_MONOTONIC, the same for every process of the machine; `performance.now` is not. */
export const nodeClock: Clock = {
  monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
  wallMs: () => Date.now(),
  timeZone: () => Temporal.Now.timeZoneId(),
};

export const nodeTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, Math.max(0, Math.ceil(delayMs))).unref();
    return { cancel: () => clearTimeout(timer) };
  },
  soon(run) {
    setImmediate(run);
  },
};
