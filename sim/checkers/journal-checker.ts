import { severities } from '../../src/model/severity.ts';
import { uuidText } from '../../src/model/uuid.ts';
import { check } from '../world/violation.ts';
import type { DiskReader } from '../world/disk-reader.ts';

const seqsPerOrigin = 2 ** 36;

interface OriginOnDisk {
  readonly number: number;
  readonly origin: string;
  readonly last: number;
  readonly firstKept: number;
  readonly count: number;
  readonly lowest: number | null;
  readonly highest: number | null;
}

const originsSql = `
  SELECT o.number, o.origin, o.last, o.first_kept AS firstKept, count(j.row) AS count, min(j.row) AS lowest, max(j.row) AS highest
  FROM origins o LEFT JOIN journal j ON j.row > o.number * ${seqsPerOrigin} AND j.row < (o.number + 1) * ${seqsPerOrigin}
  GROUP BY o.number`;

const countsSql = `
  SELECT coalesce(k.state, 0) AS state, m.severity, count(*) AS count
  FROM messages m LEFT JOIN marks k ON k.message = m.id GROUP BY 1, 2`;

/**
 * Watches the servers' disks: positions never fall (I5), not even over a restart; journals have no holes; servers at
 * equal positions hold equal state (I6).
 */
export class JournalChecker {
  readonly #last = new Map<string, ReadonlyMap<string, number>>();
  readonly #stateAt = new Map<string, { server: string; state: string }>();
  /** How often two servers stood at equal positions and were compared. */
  comparedCount = 0;

  see(server: string, reader: DiskReader): void {
    const positions = positionsOf(reader);
    for (const [origin, seq] of this.#last.get(server) ?? [])
      check(
        (positions.get(origin) ?? 0) >= seq,
        'positions never fall (I5)',
        () => `${server}: ${origin} from ${seq} to ${positions.get(origin) ?? 0}`,
      );
    this.#last.set(server, positions);
    this.#compare(server, keyOf(positions), stateOf(reader));
  }

  /** Its disk is gone for good, or lost what it held last: what was seen there counts no more. */
  forget(server: string): void {
    this.#last.delete(server);
  }

  /** Whether everything on one disk is on a majority of the others too. */
  hasAll(leaving: DiskReader, others: readonly DiskReader[]): boolean {
    const theirs = others.map((reader) => positionsOf(reader));
    return [...positionsOf(leaving)].every(([origin, seq]) =>
      isMajority(theirs.filter((positions) => (positions.get(origin) ?? 0) >= seq).length, theirs.length),
    );
  }

  /** Whether all of them hold the same entries. */
  areLevel(readers: readonly DiskReader[]): boolean {
    return new Set(readers.map((reader) => keyOf(positionsOf(reader)))).size <= 1;
  }

  #compare(server: string, key: string, state: string): void {
    const known = this.#stateAt.get(key);
    if (known === undefined) return void this.#stateAt.set(key, { server, state });
    if (known.server !== server) this.comparedCount += 1;
    check(
      known.state === state,
      'equal positions, equal state (I6)',
      () => `${known.server} ${known.state}, ${server} ${state} at ${key}`,
    );
  }

  /** The whole file: no entry is missing between the first kept and the position, nothing is left unapplied. */
  checkWhole(server: string, reader: DiskReader): void {
    for (const row of reader.all(originsSql) as unknown as OriginOnDisk[]) {
      const { number, origin, last, firstKept, count, lowest, highest } = row;
      const base = number * seqsPerOrigin;
      const whole = count === 0 ? last < firstKept : lowest === base + firstKept && highest === base + last;
      check(
        whole && count === last - firstKept + 1,
        'no holes (I5)',
        () => `${server}: ${JSON.stringify(row)} of ${origin}`,
      );
    }
    const { open, acknowledged } = totalsOf(reader);
    const counted = countRows(reader);
    check(
      JSON.stringify([open, acknowledged]) === JSON.stringify(counted),
      'counts are those of the rows (I6)',
      () => `${server}: ${JSON.stringify([open, acknowledged])}, counted ${JSON.stringify(counted)}`,
    );
    const unapplied = reader.all('SELECT * FROM unapplied');
    check(
      unapplied.length === 0,
      'everything is applied (I4)',
      () => `${server}: ${JSON.stringify(unapplied)}`,
    );
  }
}

function isMajority(count: number, all: number): boolean {
  return count > all / 2;
}

function positionsOf(reader: DiskReader): ReadonlyMap<string, number> {
  const rows = reader.all('SELECT origin, last FROM origins WHERE last > 0') as {
    origin: string;
    last: number;
  }[];
  return new Map(rows.map(({ origin, last }) => [origin, last]));
}

function keyOf(positions: ReadonlyMap<string, number>): string {
  return [...positions]
    .map(([origin, seq]) => `${origin.slice(0, 4)}.${origin.slice(-8)}:${seq}`)
    .toSorted()
    .join(' ');
}

/** The hash and the counts that a server keeps as it goes. */
function stateOf(reader: DiskReader): string {
  return JSON.stringify(totalsOf(reader));
}

function totalsOf(reader: DiskReader): { hash: unknown; open: unknown; acknowledged: unknown } {
  const [row] = reader.all("SELECT value FROM totals WHERE name = 'messages'") as { value: string }[];
  const {
    hash = 0,
    open = zeros(),
    acknowledged = zeros(),
  } = JSON.parse(row?.value ?? '{}') as Record<string, unknown>;
  return { hash, open, acknowledged };
}

/** Messages by state, then by rank of severity. */
function countRows(reader: DiskReader): number[][] {
  const counts = [zeros(), zeros()];
  const rows = reader.all(countsSql) as { state: number; severity: number; count: number }[];
  for (const { state, severity, count } of rows) (counts[state] ?? [])[severity] = count;
  return counts;
}

function zeros(): number[] {
  return severities.map(() => 0);
}

/** One line that is equal for servers that hold the same. */
export function describeDisk(reader: DiskReader): string {
  return `${keyOf(positionsOf(reader))} ${stateOf(reader)}`;
}

/** Texts by ID, without what decisions raised. */
export function messagesOnDisk(reader: DiskReader): Map<string, string> {
  const rows = reader.all('SELECT id, text FROM messages WHERE raised = 0') as {
    id: Uint8Array;
    text: string;
  }[];
  return new Map(rows.map(({ id, text }) => [uuidText(id), text]));
}
