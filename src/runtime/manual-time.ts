import type { Clock, Timers } from './clock.ts';

/** A clock and timers for unit tests, which stand still until `advance` is called. */
export function manualTime(startMs = 1_000): { clock: Clock; timers: Timers; advance(ms: number): void } {
  let nowMs = startMs;
  let waiting: { atMs: number; run: () => void }[] = [];
  const after = (delayMs: number, run: () => void) => {
    const timer = { atMs: nowMs + Math.max(0, delayMs), run };
    waiting.push(timer);
    return {
      cancel: () => {
        waiting = waiting.filter((other) => other !== timer);
      },
    };
  };
  return {
    clock: { monotonicMs: () => nowMs, wallMs: () => 1_790_000_000_000 + nowMs, timeZone: () => 'UTC' },
    timers: { after, soon: (run) => void after(0, run) },
    advance(ms) {
      const untilMs = nowMs + ms;
      for (;;) {
        const next = waiting.filter((timer) => timer.atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs)[0];
        if (!next) break;
        waiting = waiting.filter((timer) => timer !== next);
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
      }
      nowMs = untilMs;
    },
  };
}
