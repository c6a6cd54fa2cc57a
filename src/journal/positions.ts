import type { Origin, Positions } from '../model/origin.ts';

/** The higher position of each origin. */
export function mergePositions(a: Positions, b: Positions): Positions {
  const merged: Record<Origin, number> = { ...a };
  for (const [origin, seq] of Object.entries(b)) merged[origin] = Math.max(seq, merged[origin] ?? 0);
  return merged;
}

/** Where `theirs` lacks what `ours` has: from which position on, and how many entries. */
export function behind(
  ours: Positions,
  theirs: Positions,
): { readonly origin: Origin; readonly afterSeq: number; readonly entries: number }[] {
  return Object.entries(ours)
    .map(([origin, seq]) => ({ origin, afterSeq: theirs[origin] ?? 0, seq }))
    .filter(({ afterSeq, seq }) => afterSeq < seq)
    .map(({ origin, afterSeq, seq }) => ({ origin, afterSeq, entries: seq - afterSeq }));
}

/** Entries that `ours` has and `theirs` lacks. */
export function lagEntries(ours: Positions, theirs: Positions): number {
  return behind(ours, theirs).reduce((sum, { entries }) => sum + entries, 0);
}

/** Whether `theirs` has everything that `ours` has. */
export function covers(theirs: Positions, ours: Positions): boolean {
  return behind(ours, theirs).length === 0;
}
