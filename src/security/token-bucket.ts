import type { Clock } from '../runtime/clock.ts';

export interface BucketLimits {
  /** How many may come at once after a quiet time. */
  readonly burst: number;
  readonly perMinute: number;
  /** Callers remembered; beyond it the one longest unheard is forgotten, and so has a full bucket again. */
  readonly callersMax: number;
}

interface Bucket {
  tokens: number;
  filledMs: number;
}

/** A bound on how often each caller may try something (addresses that send join requests). */
export class TokenBuckets {
  readonly #clock: Clock;
  readonly #limits: BucketLimits;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, limits: BucketLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Takes one token; false when the caller has none left. */
  take(caller: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const { burst, perMinute } = this.#limits;
    const bucket = this.#buckets.get(caller) ?? { tokens: burst, filledMs: nowMs };
    const tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.filledMs) * perMinute) / 60_000);
    const granted = tokens >= 1;
    this.#keep(caller, { tokens: granted ? tokens - 1 : tokens, filledMs: nowMs });
    return granted;
  }

  /** Gives a token back that was taken for what turned out to cost none. */
  give(caller: string): void {
    const bucket = this.#buckets.get(caller);
    if (bucket) this.#keep(caller, { ...bucket, tokens: Math.min(this.#limits.burst, bucket.tokens + 1) });
  }

  /** A Map keeps the order of insertion, so the first is the one longest unheard. */
  #keep(caller: string, bucket: Bucket): void {
    this.#buckets.delete(caller);
    this.#buckets.set(caller, bucket);
    if (this.#buckets.size <= this.#limits.callersMax) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
