import type { Log, LogFields } from '../../log.ts';
import { nodeClock } from '../clock.ts';

const quietMs = 10_000;
const reasonsMax = 64;

/**
 * Says why connections were refused without letting strangers fill the log: the first of each reason at once, then
 * at most one line each ten seconds with the number of those in between.
 */
export class RefusalLog {
  readonly #log: Log;
  readonly #reasons = new Map<string, { loggedMs: number; unlogged: number }>();
  /** Every refusal since the start. */
  count = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  add(reason: string, fields: LogFields): void {
    this.count += 1;
    const nowMs = nodeClock.monotonicMs();
    const known = this.#reasons.get(reason);
    if (known && nowMs - known.loggedMs < quietMs) {
      known.unlogged += 1;
      return;
    }
    if (!known && this.#reasons.size >= reasonsMax) this.#reasons.clear();
    this.#log.warn(`connection refused: ${reason}`, { ...fields, sinceLast: known?.unlogged ?? 0 });
    this.#reasons.set(reason, { loggedMs: nowMs, unlogged: 0 });
  }
}
