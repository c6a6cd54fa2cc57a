import { useEffect } from 'react';
import type { z } from 'zod';
import { textOf } from '../../../src/model/errors.ts';
import { door } from '../browser/door.ts';
import { Store, useStore } from '../browser/store.ts';
import { session } from '../session/session.ts';
import { ask } from './api.ts';

export interface Polled<T> {
  readonly value: T | null;
  /** When the value was answered. */
  readonly atMs: number | null;
  /** Why the last question had no answer; the value is then an older one. */
  readonly error: string | null;
}

/** What takes long, ten thousand nodes say, is asked for less often: it rests so many times as long as it took. */
const restFactor = 10;
const restMsMax = 30_000;

/** One answer of the API, asked for again and again while somebody looks at it. All who look share the questions. */
export class PolledAnswer<T> {
  readonly store = new Store<Polled<T>>({ value: null, atMs: null, error: null });
  readonly #path: string;
  readonly #schema: z.ZodType<T>;
  readonly #everyMs: number;
  #looking = 0;
  #timer: { cancel(): void } | null = null;
  #asking = false;

  constructor(path: string, schema: z.ZodType<T>, everyMs: number) {
    this.#path = path;
    this.#schema = schema;
    this.#everyMs = everyMs;
  }

  look(): () => void {
    this.#looking += 1;
    if (this.#looking === 1) void this.refresh();
    return () => {
      this.#looking -= 1;
      if (this.#looking > 0) return;
      this.#timer?.cancel();
      this.#timer = null;
    };
  }

  /** Asks now, whenever it would have been its turn. */
  async refresh(): Promise<void> {
    if (this.#asking || this.#looking === 0) return;
    this.#asking = true;
    this.#timer?.cancel();
    let tookMs = 0;
    try {
      if (session.get().mode === 'signed in' && document.visibilityState === 'visible')
        tookMs = await this.#ask();
    } finally {
      this.#asking = false;
      const pauseMs = Math.max(this.#everyMs, Math.min(restMsMax, restFactor * tookMs));
      if (this.#looking > 0) this.#timer = door.after(pauseMs, () => void this.refresh());
    }
  }

  /** How long the answer took; 0 where there was none. */
  async #ask(): Promise<number> {
    const startedMs = door.nowMs();
    try {
      const value = await ask(this.#path, this.#schema, { timeoutMs: 5_000 });
      this.store.set({ value, atMs: door.nowMs(), error: null });
      return door.nowMs() - startedMs;
    } catch (error) {
      this.store.update((before) => ({ ...before, error: textOf(error) }));
      return 0;
    }
  }
}

export function usePolled<T>(answer: PolledAnswer<T>): Polled<T> {
  useEffect(() => answer.look(), [answer]);
  return useStore(answer.store);
}
