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
  /** One that sorts by the time at which it was made. */
  uuidV7: (): string => {
    const time = Date.now().toString(16).padStart(12, '0');
    // Of a random one everything but the version and what stands before it.
    const rest = crypto.randomUUID().slice(15);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${rest}`;
  },
  uuid: (): string => crypto.randomUUID(),
  /** From 0 to below 1. */
  fraction: (): number => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
};
