export interface Shrunk<T> {
  readonly list: readonly T[];
  readonly runs: number;
}

/**
 * Delta debugging: leaves out ever smaller parts of a list for as long as what is left still fails, in at most
 * `runsMax` tries. The order is kept.
 */
export async function shrinkList<T>(
  whole: readonly T[],
  fails: (list: readonly T[]) => Promise<boolean>,
  runsMax: number,
): Promise<Shrunk<T>> {
  let list = whole;
  let runs = 0;
  let part = Math.ceil(list.length / 2);
  while (list.length > 0 && runs < runsMax) {
    const shorter = await withoutOnePart();
    if (shorter) list = shorter;
    else if (part === 1) break;
    else part = Math.ceil(part / 2);
    part = Math.min(part, Math.max(1, list.length));
  }
  return { list, runs };

  async function withoutOnePart(): Promise<readonly T[] | null> {
    for (let from = 0; from < list.length && runs < runsMax; from += part) {
      const rest = [...list.slice(0, from), ...list.slice(from + part)];
      runs += 1;
      if (await fails(rest)) return rest;
    }
    return null;
  }
}
