import { codeOf, textOf, WatchError } from '../model/errors.ts';
import type { Timer, Timers } from '../runtime/clock.ts';
import type { Database, Databases } from '../runtime/database.ts';
import { sleep } from '../runtime/timing.ts';
import { checkKey, checkTransaction } from './check-transaction.ts';
import type { Change, Coordination, Item, Transaction, TransactionResult } from './coordination.ts';
import { EmbeddedStore } from './embedded-store.ts';

export interface EmbeddedOptions {
  readonly path: string;
  readonly databases: Databases;
  readonly timers: Timers;
  /** How often the file is asked for changes of other processes. */
  readonly pollMs?: number;
  /** A call that could not get the lock for this long fails. */
  readonly callMs?: number;
  /** How many revisions a watcher may be behind before it gets a reset. */
  readonly logRevisionsMax?: number;
}

/**
 * SQLite waits with the whole process asleep, so a locked file is waited for in short naps, with the event loop in
 * between.
 */
const busyMs = 40;
const pauseMs = 10;

interface Watcher {
  readonly prefix: string;
  revision: number;
  readonly onChange: (change: Change) => void;
}

/** The coordinator of one machine: one SQLite file that its processes share. See DESIGN.md. */
export function openEmbedded(options: EmbeddedOptions): Coordination {
  const database = options.databases.open(options.path, { synchronous: 'normal', busyMs });
  try {
    return new EmbeddedCoordination(database, options);
  } catch (error) {
    database.close();
    throw error;
  }
}

class EmbeddedCoordination implements Coordination {
  readonly #database: Database;
  readonly #store: EmbeddedStore;
  readonly #timers: Timers;
  readonly #path: string;
  readonly #pollMs: number;
  readonly #attemptsMax: number;
  readonly #watchers = new Set<Watcher>();
  #poll: Timer | null = null;
  #version = -1;
  #closed = false;

  constructor(database: Database, options: EmbeddedOptions) {
    this.#database = database;
    this.#store = new EmbeddedStore(database, options.logRevisionsMax ?? 1_000);
    this.#timers = options.timers;
    this.#path = options.path;
    this.#pollMs = options.pollMs ?? 25;
    this.#attemptsMax = Math.max(1, Math.floor((options.callMs ?? 400) / (busyMs + pauseMs)));
  }

  async get(key: string): Promise<Item | null> {
    checkKey(key);
    return this.#call(() => this.#store.get(key));
  }

  async list(prefix: string): Promise<{ items: Item[]; revision: number }> {
    return this.#call(() => this.#store.list(prefix));
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    checkTransaction(transaction);
    const result = await this.#call(() => this.#store.transact(transaction));
    if (result.done && this.#watchers.size > 0) this.#timers.soon(() => this.#deliverAll());
    return result;
  }

  watch(prefix: string, fromRevision: number, onChange: (change: Change) => void): { close(): void } {
    if (this.#closed) throw this.#away('it was closed');
    const watcher = { prefix, revision: fromRevision, onChange };
    this.#watchers.add(watcher);
    this.#timers.soon(() => this.#deliver(watcher));
    this.#poll ??= this.#timers.after(this.#pollMs, () => this.#tick());
    return { close: () => void this.#watchers.delete(watcher) };
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    this.#poll?.cancel();
    this.#watchers.clear();
    this.#database.close();
    return Promise.resolve();
  }

  async #call<T>(run: () => T): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      if (this.#closed) throw this.#away('it was closed');
      try {
        return run();
      } catch (error) {
        const code = codeOf(error);
        if (code === 'WK_INTERNAL') throw error;
        if (code !== 'WK_UNAVAILABLE' || attempt >= this.#attemptsMax) throw this.#away(textOf(error), error);
      }
      await sleep(this.#timers, pauseMs);
    }
  }

  #away(why: string, cause?: unknown): WatchError {
    return new WatchError('WK_COORDINATOR_AWAY', `the coordinator ${this.#path} does not answer: ${why}`, {
      cause,
    });
  }

  #tick(): void {
    this.#poll = null;
    if (this.#closed || this.#watchers.size === 0) return;
    this.#poll = this.#timers.after(this.#pollMs, () => this.#tick());
    const version = this.#attempt(() => this.#store.dataVersion());
    if (version === undefined || version === this.#version) return;
    if (this.#deliverAll()) this.#version = version;
  }

  /** False when some watcher could not be brought up to date; the next poll tries again. */
  #deliverAll(): boolean {
    return [...this.#watchers].map((watcher) => this.#deliver(watcher)).every(Boolean);
  }

  #deliver(watcher: Watcher): boolean {
    if (this.#closed) return false;
    const changes = this.#attempt(() => this.#store.changesAfter(watcher.prefix, watcher.revision));
    if (changes === undefined) return false;
    watcher.revision = changes.upTo;
    for (const change of changes.changes) if (this.#watchers.has(watcher)) watcher.onChange(change);
    return true;
  }

  /** A watcher that cannot read is late, no more: nothing is lost, and every call says what is wrong with the file. */
  #attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (codeOf(error) === 'WK_INTERNAL') throw error;
      return undefined;
    }
  }
}
