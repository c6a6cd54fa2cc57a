import { readFileSync } from 'node:fs';
import type { ApiClient } from '../pool/api-client.ts';

/** What asking a server again and again met, all in milliseconds. */
export interface Probed {
  readonly probes: number;
  readonly slowestMs: number;
  /** The most that the server's main thread computed between a question and its answer: its loop was never held for longer. */
  readonly heldMs: number;
}

/**
 * Asks the server something that costs nothing, one question after the other, until `done`. What counts is how long its main
 * thread computed meanwhile, not how long the answer took: a machine that has other things to do makes answers late, and
 * no server busy.
 */
export async function probeLoop(api: ApiClient, pid: number, done: Promise<unknown>): Promise<Probed> {
  const state = { isDone: false };
  void done.finally(() => (state.isDone = true)).catch(() => undefined);
  let [probes, slowestMs, heldMs] = [0, 0, 0];
  while (!state.isDone) {
    const [startedMs, busyMs] = [performance.now(), computedMs(pid)];
    await api.text('/healthz', 60_000);
    const tookMs = performance.now() - startedMs;
    probes += 1;
    slowestMs = Math.max(slowestMs, tookMs);
    heldMs = Math.max(heldMs, Math.min(tookMs, computedMs(pid) - busyMs));
  }
  return { probes, slowestMs: Math.round(slowestMs), heldMs: Math.round(heldMs) };
}

/** How long the main thread of a process has run on a processor. */
function computedMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}
