import type { DiskReader } from '../world/disk-reader.ts';

interface Head {
  readonly last: number;
  readonly firstKept: number;
}

type Heads = ReadonlyMap<string, Head>;

const none: Head = { last: 0, firstKept: 1 };

/**
 * A known limit, not a rule: two servers apart for longer than `keepForAbsent` that both went on each trim what the
 * other lacks. Then each needs a snapshot of the other, and a snapshot is only installed by who has given away all
 * that it has. True when a server stands there with every other.
 */
export function isStuckByTrimming(readers: readonly DiskReader[]): boolean {
  const all = readers.map((reader) => headsOf(reader));
  return all.some((one) => {
    const others = all.filter((other) => other !== one);
    return others.every((other) => trimmedFor(one, other)) && others.some((other) => trimmedFor(other, one));
  });
}

/** `from` has trimmed entries that `to` lacks. */
function trimmedFor(from: Heads, to: Heads): boolean {
  return [...from].some(([origin, { last, firstKept }]) => {
    const known = (to.get(origin) ?? none).last;
    return known < last && firstKept > known + 1;
  });
}

function headsOf(reader: DiskReader): Heads {
  const rows = reader.all('SELECT origin, last, first_kept AS firstKept FROM origins') as unknown as (Head & {
    origin: string;
  })[];
  return new Map(rows.map(({ origin, ...head }) => [origin, head]));
}
