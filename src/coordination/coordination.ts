/**
 * The port to the coordinator: a small, strongly consistent store of keys. Revisions are whole numbers that grow
 * with every successful transaction of the whole store; a key's revision is that of its last write. Keys are
 * `/`-separated; values are JSON text. Every call answers or fails within `callMs` with WK_COORDINATOR_AWAY; a
 * `transact` that failed so has an unknown outcome.
 */
export interface Coordination {
  get(key: string): Promise<Item | null>;
  /** Every key that starts with `prefix`, sorted by key, and the revision at which that was so. */
  list(prefix: string): Promise<{ items: Item[]; revision: number }>;
  transact(transaction: Transaction): Promise<TransactionResult>;
  /**
   * Every change under `prefix` after `fromRevision`, in order, without a gap. After a gap that cannot be closed
   * (compaction) `onChange` gets `{ reset: true }` with the whole list instead.
   */
  watch(prefix: string, fromRevision: number, onChange: (change: Change) => void): { close(): void };
  close(): Promise<void>;
}

export interface Item {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

export interface Transaction {
  /** All must hold. Revision 0 stands for "there is no such key". */
  readonly conditions: readonly { readonly key: string; readonly revision: number }[];
  /** A null value deletes. */
  readonly writes: readonly { readonly key: string; readonly value: string | null }[];
}

export type TransactionResult =
  | { readonly done: true; readonly revision: number }
  | { readonly done: false; readonly failed: readonly string[] };

export type Change =
  | { readonly reset: false; readonly revision: number; readonly items: readonly (Item | Deleted)[] }
  | { readonly reset: true; readonly revision: number; readonly items: readonly Item[] };

export interface Deleted {
  readonly key: string;
  readonly value: null;
  readonly revision: number;
}
