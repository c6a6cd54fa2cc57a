import { liveEventSchema, type LiveEvent } from '../../../src/model/api.ts';
import { codeOf, textOf } from '../../../src/model/errors.ts';
import { credentialHeaders, errorOf } from '../api/api.ts';
import { door } from '../browser/door.ts';
import { Store } from '../browser/store.ts';
import { session } from '../session/session.ts';
import { EventParser } from './event-parser.ts';

/** How the console stands to the pool. `lost` holds when it began and when the next attempt is. */
export type Connection =
  | { readonly mode: 'connecting' }
  | { readonly mode: 'live'; readonly sinceMs: number }
  | { readonly mode: 'lost'; readonly sinceMs: number; readonly nextTryMs: number; readonly because: string };

export interface LiveListener {
  /** `resumed`: what follows joins on to what came before; else everything has to be read anew. */
  opened(resumed: boolean): void;
  event(event: LiveEvent): void;
}

/** Silence after which the server is asked whether it is there at all; a frozen one closes no connection. */
const quietMsMax = 4_000;
const pingMsMax = 2_500;
/** A stream says something at least every 15 s; one that does not while its server answers is broken. */
const silentMsMax = 40_000;
const retryMsMin = 200;
const retryMsMax = 1_500;

/**
 * The one stream of live changes. Modes: stopped, connecting, live, lost.
 * connecting -> live with the first event; live -> lost when the stream ends, or when it is quiet and its server does
 * not answer; lost -> connecting after a pause that grows to 1.5 s. It resumes behind the last event that it has passed on.
 */
export class LiveStream {
  readonly connection = new Store<Connection>({ mode: 'connecting' });
  readonly #listeners = new Set<LiveListener>();
  #place: string | null = null;
  #running: AbortController | null = null;
  #wake: (() => void) | null = null;
  #heardMs = 0;
  #answeredMs = 0;
  #pinging = false;

  listen(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  start(): void {
    if (this.#running !== null) return;
    this.#running = new AbortController();
    void this.#run(this.#running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = null;
    this.#place = null;
    this.#wake?.();
  }

  /** Ends the pause before the next attempt. */
  tryNow(): void {
    this.#wake?.();
  }

  async #run(signal: AbortSignal): Promise<void> {
    let retryMs = retryMsMin;
    while (!signal.aborted) {
      let because = 'the server ended the stream';
      try {
        await this.#readStream(signal);
      } catch (error) {
        if (codeOf(error) === 'WK_UNAUTHENTICATED' || signal.aborted) return;
        because = textOf(error);
      }
      if (signal.aborted) return;
      const before = this.connection.get();
      if (before.mode === 'live') retryMs = retryMsMin;
      const pauseMs = retryMs * (0.6 + 0.4 * door.fraction());
      const nowMs = door.nowMs();
      const sinceMs = before.mode === 'lost' ? before.sinceMs : nowMs;
      this.connection.set({ mode: 'lost', sinceMs, nextTryMs: nowMs + pauseMs, because });
      retryMs = Math.min(retryMs * 2, retryMsMax);
      await this.#pause(pauseMs);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = door.after(ms, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  async #readStream(stopped: AbortSignal): Promise<void> {
    const ending = new AbortController();
    const signal = AbortSignal.any([stopped, ending.signal]);
    this.#heardMs = door.nowMs();
    const watch = door.every(1_000, () => void this.#watch(ending));
    try {
      const headers = {
        ...credentialHeaders(),
        ...(this.#place !== null && { 'last-event-id': this.#place }),
      };
      const response = await fetch('/api/v1/events?actions=true', { headers, signal, cache: 'no-store' });
      if (!response.ok || response.body === null) throw errorOf(response, await response.text());
      const parser = new EventParser();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const resumed = this.#place !== null;
      let isFirst = true;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        this.#heardMs = door.nowMs();
        for (const { id, data } of parser.feed(value)) {
          const event = liveEventSchema.parse(JSON.parse(data));
          if (isFirst) this.#opened(resumed && event.type !== 'reset');
          isFirst = false;
          for (const listener of this.#listeners) listener.event(event);
          if (id !== null) this.#place = id;
        }
      }
    } finally {
      watch.cancel();
      ending.abort();
    }
  }

  #opened(resumed: boolean): void {
    this.connection.set({ mode: 'live', sinceMs: door.nowMs() });
    for (const listener of this.#listeners) listener.opened(resumed);
  }

  async #watch(ending: AbortController): Promise<void> {
    const nowMs = door.nowMs();
    if (nowMs - this.#heardMs > silentMsMax) return ending.abort();
    if (nowMs - Math.max(this.#heardMs, this.#answeredMs) < quietMsMax || this.#pinging) return;
    this.#pinging = true;
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(pingMsMax), ending.signal]);
      await fetch('/healthz', { cache: 'no-store', signal });
      this.#answeredMs = door.nowMs();
    } catch {
      ending.abort();
    } finally {
      this.#pinging = false;
    }
  }
}

export const live = new LiveStream();
window.addEventListener('online', () => live.tryNow());
document.addEventListener('visibilitychange', () => live.tryNow());
session.subscribe(() => {
  if (session.get().mode === 'signed in') live.start();
  else live.stop();
});
