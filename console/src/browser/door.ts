/** The only place where the console asks the browser for time, timers and randomness; the rest takes them from here. */
export const door = {
  nowMs: (): number => Date.now(),
  after(delayMs: number, run: () => void): { cancel(): void } {
    const timer = window.setTimeout(run, delayMs);
    return { cancel: () => window.clearTimeout(timer) };
  },
  every(periodMs: number, run: () => void): { cancel(): void } {
    const timer = window.setInterval(run, periodMs);
    return { cancel: () => window.clearInterval(timer) };
  },
  sleep: (delayMs: number): Promise<void> => new Promise((resolve) => void door.after(delayMs, resolve)),
  /** Resolves when nothing else is to be done; soon, where a browser cannot say. */
  idle: (): Promise<void> =>
    new Promise((resolve) => {
      if ('requestIdleCallback' in window) window.requestIdleCallback(() => resolve());
      else door.after(200, resolve);
    }),
  uuid: (): string => crypto.randomUUID(),
  /** From 0 to below 1. */
  fraction: (): number => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
};
