import { WatchError } from '../model/errors.ts';
import type { Timers } from '../runtime/clock.ts';
import { checkKey, checkTransaction } from './check-transaction.ts';
import type { Change, Coordination, Deleted, Item, Transaction, TransactionResult } from './coordination.ts';
import { groupByRevision } from './group-by-revision.ts';

/** All that a store holds, but for who listens. */
export interface StoreCopy {
  readonly items: readonly Item[];
  readonly log: readonly (Item | Deleted)[];
  readonly revision: number;
}

/** What the clients of one in-memory coordinator share. Survives them all; a simulator keeps one a pool. */
export class MemoryStore {
  readonly #items = new Map<string, Item>();
  readonly #logRevisionsMax: number;
  readonly #listeners = new Set<() => void>();
  #log: (Item | Deleted)[] = [];
  #revision = 0;
  #compacted = 0;

  constructor(logRevisionsMax = 1_000) {
    this.#logRevisionsMax = logRevisionsMax;
  }

  get(key: string): Item | null {
    return this.#items.get(key) ?? null;
  }

  list(prefix: string): { items: Item[]; revision: number } {
    const items = [...this.#items.values()].filter(({ key }) => key.startsWith(prefix));
    return { items: items.sort((a, b) => (a.key < b.key ? -1 : 1)), revision: this.#revision };
  }

  transact(transaction: Transaction): TransactionResult {
    const failed = transaction.conditions.filter(
      ({ key, revision }) => (this.#items.get(key)?.revision ?? 0) !== revision,
    );
    if (failed.length > 0) return { done: false, failed: failed.map(({ key }) => key) };
    const writes = transaction.writes.filter(({ key, value }) => value !== null || this.#items.has(key));
    if (writes.length > 0) this.#write(writes);
    return { done: true, revision: this.#revision };
  }

  changesAfter(prefix: string, revision: number): { changes: Change[]; upTo: number } {
    if (revision > this.#revision || revision < this.#compacted)
      return { changes: [{ reset: true, ...this.list(prefix) }], upTo: this.#revision };
    // What is new stands at the end, and is asked for after every write by everybody.
    let from = this.#log.length;
    while (from > 0 && (this.#log[from - 1]?.revision ?? 0) > revision) from -= 1;
    const rows = this.#log.slice(from).filter((row) => row.key.startsWith(prefix));
    return { changes: groupByRevision(rows), upTo: this.#revision };
  }

  /** As it stands now, for `restore`. */
  copy(): StoreCopy {
    return { items: [...this.#items.values()], log: [...this.#log], revision: this.#revision };
  }

  /** Goes back to what `copy` gave, as a store does that is restored from a backup: revisions are given out again. */
  restore({ items, log, revision }: StoreCopy): void {
    this.#items.clear();
    for (const item of items) this.#items.set(item.key, item);
    this.#log = [...log];
    this.#revision = revision;
    this.#compacted = Math.min(this.#compacted, revision);
    for (const listener of this.#listeners) listener();
  }

  /** Called after every change. */
  listen(listener: () => void): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: () => void): void {
    this.#listeners.delete(listener);
  }

  #write(writes: Transaction['writes']): void {
    const revision = ++this.#revision;
    for (const { key, value } of writes) {
      if (value === null) this.#items.delete(key);
      else this.#items.set(key, { key, value, revision });
      this.#log.push(value === null ? { key, value, revision } : { key, value, revision });
    }
    this.#compacted = Math.max(this.#compacted, revision - this.#logRevisionsMax);
    while ((this.#log[0]?.revision ?? revision) <= this.#compacted) this.#log.shift();
    for (const listener of this.#listeners) listener();
  }
}

/** One client of a `MemoryStore`: the port without a disk, for tests and for the simulator. */
export function openMemory(store: MemoryStore, timers: Timers): Coordination {
  return new MemoryCoordination(store, timers);
}

interface Watcher {
  readonly prefix: string;
  revision: number;
  readonly onChange: (change: Change) => void;
}

class MemoryCoordination implements Coordination {
  readonly #store: MemoryStore;
  readonly #timers: Timers;
  readonly #watchers = new Set<Watcher>();
  readonly #wake = (): void => this.#timers.soon(() => this.#deliverAll());
  #closed = false;

  constructor(store: MemoryStore, timers: Timers) {
    this.#store = store;
    this.#timers = timers;
    store.listen(this.#wake);
  }

  async get(key: string): Promise<Item | null> {
    checkKey(key);
    this.#assertOpen();
    return this.#store.get(key);
  }

  async list(prefix: string): Promise<{ items: Item[]; revision: number }> {
    this.#assertOpen();
    return this.#store.list(prefix);
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    checkTransaction(transaction);
    this.#assertOpen();
    return this.#store.transact(transaction);
  }

  watch(prefix: string, fromRevision: number, onChange: (change: Change) => void): { close(): void } {
    this.#assertOpen();
    const watcher = { prefix, revision: fromRevision, onChange };
    this.#watchers.add(watcher);
    this.#wake();
    return { close: () => void this.#watchers.delete(watcher) };
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#watchers.clear();
    this.#store.unlisten(this.#wake);
    return Promise.resolve();
  }

  #deliverAll(): void {
    for (const watcher of this.#watchers) {
      const { changes, upTo } = this.#store.changesAfter(watcher.prefix, watcher.revision);
      watcher.revision = upTo;
      for (const change of changes) if (this.#watchers.has(watcher)) watcher.onChange(change);
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new WatchError('WK_COORDINATOR_AWAY', 'the coordinator was closed');
  }
}
