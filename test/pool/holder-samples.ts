/** One question to one server whether it holds a role, and when it was asked and answered (milliseconds). */
export interface HolderSample {
  readonly server: string;
  readonly sentMs: number;
  readonly answeredMs: number;
  /** False also when it did not answer. */
  readonly holds: boolean;
}

/**
 * Moments at which two servers held the same role. One server held it all the time between two answers "yes" of its
 * own with none "no" or missing between them; whoever else was asked and said "yes" within that time is the second.
 */
export function twoHolders(samples: readonly HolderSample[]): string[] {
  const yes = samples.filter(({ holds }) => holds);
  return spansOf(samples).flatMap(({ server, fromMs, toMs }) =>
    yes
      .filter((other) => other.server !== server && other.sentMs > fromMs && other.answeredMs < toMs)
      .map((other) => `${other.server} held it at ${Math.round(other.sentMs)} while ${server} held it too`),
  );
}

interface Span {
  readonly server: string;
  readonly fromMs: number;
  readonly toMs: number;
}

function spansOf(samples: readonly HolderSample[]): Span[] {
  const spans: Span[] = [];
  for (const server of new Set(samples.map((sample) => sample.server))) {
    const own = samples.filter((sample) => sample.server === server).sort((a, b) => a.sentMs - b.sentMs);
    let open: Span | null = null;
    for (const { holds, sentMs, answeredMs } of own) {
      const fromMs: number = open?.fromMs ?? answeredMs;
      if (holds) open = { server, fromMs, toMs: sentMs };
      else {
        if (open) spans.push(open);
        open = null;
      }
    }
    if (open) spans.push(open);
  }
  return spans;
}

/** One server's word on who holds a role, with its epoch. */
export interface RoleClaim {
  readonly by: string;
  readonly atMs: number;
  readonly holder: string | null;
  readonly epoch: number;
}

/** Two holders under one epoch, or an epoch that falls for somebody who looks twice. */
export function epochFaults(claims: readonly RoleClaim[]): string[] {
  const holders = new Map<number, string>();
  const highest = new Map<string, number>();
  const faults: string[] = [];
  for (const { by, holder, epoch } of [...claims].sort((a, b) => a.atMs - b.atMs)) {
    const known = holder === null ? undefined : holders.get(epoch);
    if (holder !== null && known !== undefined && known !== holder)
      faults.push(`epoch ${epoch} has two holders: ${known} and ${holder}`);
    if (holder !== null) holders.set(epoch, holder);
    const before = highest.get(by) ?? 0;
    if (epoch < before) faults.push(`${by} went back from epoch ${before} to ${epoch}`);
    highest.set(by, Math.max(before, epoch));
  }
  return [...new Set(faults)];
}
