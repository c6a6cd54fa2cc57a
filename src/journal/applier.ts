import type { EntryBody, EntryKind } from '../model/entry.ts';
import type { Hlc } from '../model/hlc.ts';
import type { Origin } from '../model/origin.ts';

/** Where an entry stands, without its bytes. */
export interface EntryStamp {
  readonly origin: Origin;
  readonly seq: number;
  readonly hlc: Hlc;
}

export type DecodedBody = { [K in EntryKind]: { readonly kind: K; readonly value: EntryBody<K> } }[EntryKind];

/**
 * What the journal means. Called inside the transaction that stores the entry; each entry is applied exactly once,
 * in order within its origin and in any order between origins. A throw that is not a disk error rolls everything
 * back, and the entry is then stored without being applied.
 */
export interface Applier {
  apply(stamp: EntryStamp, body: DecodedBody): void;
  /** The last step inside the transaction. */
  beforeCommit(): void;
  /** The transaction is undone: whatever is remembered outside of the database must be read anew. */
  afterRollback(): void;
}
