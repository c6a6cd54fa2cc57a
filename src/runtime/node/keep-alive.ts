/**
 * Keeps this process running although nothing else would: timers of the port do not, and a keeper between two runs
 * of its server has neither socket nor child. Call what is returned to let it end.
 */
export function keepAlive(): () => void {
  const timer = setInterval(() => undefined, 2 ** 30);
  return () => clearInterval(timer);
}
