import type { Timer, Timers } from './clock.ts';

/** Resolves after `delayMs`, or at once when `signal` aborts; the caller looks at the signal. */
export function sleep(timers: Timers, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = timers.after(delayMs, finish);
    signal?.addEventListener('abort', finish);
  });
}

/**
 * Runs `step` every `periodMs`, the first time after `firstMs` (a random phase, so that periodic work of many
 * machines spreads out). A step that is still running makes the next one wait, never overlap.
 */
export function every(
  timers: Timers,
  periodMs: number,
  step: () => void | Promise<void>,
  firstMs = periodMs,
): Timer {
  let cancelled = false;
  let timer = timers.after(firstMs, tick);
  function tick(): void {
    const done = step();
    if (done instanceof Promise) void done.finally(arm);
    else arm();
  }
  function arm(): void {
    if (!cancelled) timer = timers.after(periodMs, tick);
  }
  return {
    cancel() {
      cancelled = true;
      timer.cancel();
    },
  };
}
