import type { Change, Deleted, Item } from './coordination.ts';

/** One change a transaction, from rows that are sorted by revision. */
export function groupByRevision(rows: readonly (Item | Deleted)[]): Change[] {
  const groups = Map.groupBy(rows, ({ revision }) => revision);
  return [...groups].map(([revision, items]) => ({ reset: false, revision, items }));
}
