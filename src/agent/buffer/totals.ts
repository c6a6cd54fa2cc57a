import { severities } from '../../model/severity.ts';

/**
 * The agent's books, each list by severity rank. At every commit, for every severity:
 * produced = delivered + buffered + dropped.
 */
export interface Totals {
  /** Accepted from a source and written to disk. */
  readonly produced: number[];
  /** Stored by the pool: as often as wanted, or once when the full buffer had to let go of them. */
  readonly delivered: number[];
  /** In the buffer now. */
  readonly buffered: number[];
  /** Dropped by a full buffer or refused by the pool; every one of them stands in a gap record. */
  readonly dropped: number[];
  /** What the buffered messages take, and of that what is stored once. */
  bufferedBytes: number;
  onceBytes: number;
  /** Of that, what is for other pools than the agent's own. */
  otherBytes: number;
}

export function noTotals(): Totals {
  const zeros = (): number[] => severities.map(() => 0);
  return {
    produced: zeros(),
    delivered: zeros(),
    buffered: zeros(),
    dropped: zeros(),
    bufferedBytes: 0,
    onceBytes: 0,
    otherBytes: 0,
  };
}

export function copyTotals(totals: Totals): Totals {
  return {
    produced: [...totals.produced],
    delivered: [...totals.delivered],
    buffered: [...totals.buffered],
    dropped: [...totals.dropped],
    bufferedBytes: totals.bufferedBytes,
    onceBytes: totals.onceBytes,
    otherBytes: totals.otherBytes,
  };
}

export function add(counts: number[], severity: number, count: number): void {
  counts[severity] = (counts[severity] ?? 0) + count;
}

export function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** True when the books balance, severity by severity. */
export function balances(totals: Totals): boolean {
  return totals.produced.every(
    (produced, rank) =>
      produced === (totals.delivered[rank] ?? 0) + (totals.buffered[rank] ?? 0) + (totals.dropped[rank] ?? 0),
  );
}
