import type { SimProcess } from '../world/process.ts';
import { check } from '../world/violation.ts';

interface Retrying {
  failedMs: number | null;
  waitedMs: number | null;
}

const waitMsMin = 200;
const samplesMin = 20;
const sameShareMax = 0.5;

/**
 * Who finds nobody waits a random time, so that many do not come back as one: from one wait to the next of the same
 * process the length must hardly ever be the same or just double.
 */
export class RetryJudge {
  readonly #retrying = new Map<SimProcess, Retrying>();
  #samples = 0;
  #alike = 0;

  attempt(process: SimProcess, what: 'starts' | 'fails' | 'connects', nowMs: number): void {
    const state = this.#retrying.get(process) ?? { failedMs: null, waitedMs: null };
    this.#retrying.set(process, state);
    if (what === 'fails') state.failedMs = nowMs;
    else if (what === 'connects') this.#retrying.delete(process);
    else if (state.failedMs !== null) this.#started(state, nowMs - state.failedMs);
  }

  /** The next server of a round is tried at once; a wait is between rounds. */
  #started(state: Retrying, waitedMs: number): void {
    state.failedMs = null;
    if (waitedMs < waitMsMin) return;
    if (state.waitedMs !== null) {
      const ratio = waitedMs / state.waitedMs;
      this.#samples += 1;
      if ([1, 2].some((sure) => Math.abs(ratio - sure) < 0.03)) this.#alike += 1;
    }
    state.waitedMs = waitedMs;
  }

  get samples(): number {
    return this.#samples;
  }

  checkSpread(): void {
    check(
      this.#samples < samplesMin || this.#alike < this.#samples * sameShareMax,
      'retries are spread (I32)',
      () => `${this.#alike} of ${this.#samples} waits are as long as the one before or twice that`,
    );
  }
}
