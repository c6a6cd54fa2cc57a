import type { Entry } from '../model/entry.ts';
import { WatchError } from '../model/errors.ts';
import type { Origin } from '../model/origin.ts';
import type { Database, Statement } from '../runtime/database.ts';
import { chainOf, isIntact } from './checksum.ts';
import type { OriginHead } from './origin-heads.ts';
import { seqsPerOrigin } from './tables.ts';

interface EntryRow {
  readonly row: number;
  readonly hlc: number;
  readonly kind: string;
  readonly checksum: Uint8Array;
  readonly body: Uint8Array;
}

/** The rows of the table `journal`. Knows nothing of positions: the caller hands in the origin's head. */
export class EntryStore {
  readonly #insert: Statement;
  readonly #range: Statement;
  readonly #checksum: Statement;
  readonly #chain: Statement;
  readonly #hlc: Statement;
  readonly #bytesUpTo: Statement;
  readonly #deleteUpTo: Statement;

  constructor(database: Database) {
    this.#insert = database.prepare(
      'INSERT INTO journal(row, hlc, kind, checksum, chain, body) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#range = database.prepare(
      'SELECT row, hlc, kind, checksum, body FROM journal WHERE row > ? AND row <= ? ORDER BY row',
    );
    this.#checksum = database.prepare('SELECT checksum FROM journal WHERE row = ?');
    this.#chain = database.prepare('SELECT chain FROM journal WHERE row = ?');
    this.#hlc = database.prepare('SELECT hlc FROM journal WHERE row = ?');
    this.#bytesUpTo = database.prepare(
      'SELECT coalesce(sum(length(body)), 0) AS bytes FROM journal WHERE row >= ? AND row <= ?',
    );
    this.#deleteUpTo = database.prepare('DELETE FROM journal WHERE row >= ? AND row <= ?');
  }

  /** Stores the entry that follows `head` and answers the head after it. */
  insert(head: OriginHead, entry: Entry): OriginHead {
    const chain = chainOf(head.chain, entry.checksum);
    this.#insert.run(rowOf(head, entry.seq), entry.hlc, entry.kind, entry.checksum, chain, entry.body);
    return {
      ...head,
      last: entry.seq,
      hlc: Math.max(head.hlc, entry.hlc),
      chain,
      bytes: head.bytes + entry.body.length,
    };
  }

  /**
   * Entries after `afterSeq` in order, at least one if there is one, then as many as fit `bytesMax`. WK_DAMAGED when
   * one is missing or its checksum does not match.
   */
  read(head: OriginHead, afterSeq: number, bytesMax: number): Entry[] {
    const entries: Entry[] = [];
    let bytes = 0;
    if (afterSeq >= head.last) return entries;
    for (const row of this.#range.iterate<EntryRow>(rowOf(head, afterSeq), rowOf(head, head.last))) {
      const entry = entryOf(head, row);
      if (entry.seq !== afterSeq + 1 + entries.length || !isIntact(entry))
        throw damaged(head.origin, afterSeq + 1 + entries.length);
      bytes += entry.body.length;
      if (entries.length > 0 && bytes > bytesMax) return entries;
      entries.push(entry);
    }
    if (entries.length === 0) throw damaged(head.origin, afterSeq + 1);
    return entries;
  }

  checksumAt(head: OriginHead, seq: number): Uint8Array | null {
    return this.#checksum.get<{ checksum: Uint8Array }>(rowOf(head, seq))?.checksum ?? null;
  }

  chainAt(head: OriginHead, seq: number): Uint8Array | null {
    return this.#chain.get<{ chain: Uint8Array }>(rowOf(head, seq))?.chain ?? null;
  }

  hlcAt(head: OriginHead, seq: number): number | null {
    return this.#hlc.get<{ hlc: number }>(rowOf(head, seq))?.hlc ?? null;
  }

  /** Deletes the kept entries up to `upTo` and answers the head after it. */
  delete(head: OriginHead, upTo: number): OriginHead {
    const range = [rowOf(head, head.firstKept), rowOf(head, upTo)] as const;
    const freed = this.#bytesUpTo.get<{ bytes: number }>(...range)?.bytes ?? 0;
    this.#deleteUpTo.run(...range);
    return { ...head, firstKept: upTo + 1, bytes: head.bytes - freed };
  }
}

function rowOf(head: OriginHead, seq: number): number {
  return head.number * seqsPerOrigin + seq;
}

function entryOf(head: OriginHead, row: EntryRow): Entry {
  const { hlc, kind, checksum, body } = row;
  return { origin: head.origin, seq: row.row - head.number * seqsPerOrigin, hlc, kind, checksum, body };
}

function damaged(origin: Origin, seq: number): WatchError {
  return new WatchError('WK_DAMAGED', `entry ${seq} of ${origin} is missing or damaged on this server`);
}
