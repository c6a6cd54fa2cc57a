import type { Origin, Positions } from '../../model/origin.ts';

/** For each origin of which a member has more than we: where it stood when we first saw that, and when that was. */
export type LagState = ReadonlyMap<Origin, { readonly seq: number; readonly sinceMs: number }>;

/**
 * How far behind the other members we are, in time: the age of the oldest thing that we know a member has and we still
 * lack. `theirs` are the positions the members told us.
 */
export function lagStep(
  state: LagState,
  ours: Positions,
  theirs: readonly Positions[],
  nowMs: number,
): [LagState, { lagMs: number; entries: number }] {
  const highest = new Map<Origin, number>();
  for (const positions of theirs) {
    for (const [origin, seq] of Object.entries(positions)) {
      if (seq > (highest.get(origin) ?? 0)) highest.set(origin, seq);
    }
  }
  const next = new Map<Origin, { seq: number; sinceMs: number }>();
  let entries = 0;
  for (const [origin, seq] of highest) {
    const have = ours[origin] ?? 0;
    if (have >= seq) continue;
    entries += seq - have;
    const known = state.get(origin);
    next.set(origin, known && have < known.seq ? known : { seq, sinceMs: nowMs });
  }
  const lagMs = Math.max(0, ...[...next.values()].map((behind) => nowMs - behind.sinceMs));
  return [next, { lagMs, entries }];
}
