import type { Entry } from '../model/entry.ts';
import { WatchError } from '../model/errors.ts';
import type { Origin } from '../model/origin.ts';
import { sameBytes } from './checksum.ts';
import type { Damage } from './damage.ts';

interface KnownOrigin {
  readonly last: number;
  /** Null when the entry was trimmed. */
  checksumAt(seq: number): Uint8Array | null;
}

export interface Arrivals {
  readonly fresh: readonly Entry[];
  readonly damage: readonly Damage[];
  /** The whole call is refused; `fresh` is then empty. */
  readonly refused: WatchError | null;
}

/** Which of the entries another server sent are new, and whether they may be stored. */
export function checkArrivals(
  entries: readonly Entry[],
  own: Origin,
  known: (origin: Origin) => KnownOrigin,
): Arrivals {
  const fresh: Entry[] = [];
  const damage: Damage[] = [];
  const lasts = new Map<Origin, number>();
  for (const entry of entries) {
    const origin = known(entry.origin);
    const last = lasts.get(entry.origin) ?? origin.last;
    if (entry.seq <= last) {
      const text = doubled(entry, entry.seq <= origin.last ? origin.checksumAt(entry.seq) : null);
      if (text) damage.push({ origin: entry.origin, seq: entry.seq, text });
      continue;
    }
    if (entry.origin === own || entry.seq !== last + 1)
      return { fresh: [], damage, refused: refusal(entry, own, last) };
    fresh.push(entry);
    lasts.set(entry.origin, entry.seq);
  }
  return { fresh, damage, refused: null };
}

function doubled(entry: Entry, checksum: Uint8Array | null): string | null {
  if (checksum === null || sameBytes(checksum, entry.checksum)) return null;
  return `two different entries are both number ${entry.seq} of ${entry.origin}: a server's data was copied or put back`;
}

function refusal(entry: Entry, own: Origin, last: number): WatchError {
  if (entry.origin === own)
    return new WatchError(
      'WK_DAMAGED',
      `entry ${entry.seq} claims to be of this very run of this server, which is at ${last}: its data was copied`,
    );
  return new WatchError(
    'WK_CONFLICT',
    `a gap: entry ${entry.seq} of ${entry.origin} does not follow ${last}, where this server is`,
  );
}
