import type { Entry } from '../model/entry.ts';
import { codeOf, textOf } from '../model/errors.ts';
import type { Origin } from '../model/origin.ts';
import type { Database, Statement } from '../runtime/database.ts';
import type { Applier } from './applier.ts';
import { decodeEntry, unknownKind } from './decode-entry.ts';
import type { Damage } from './damage.ts';

/** The applier threw at this entry; the transaction is undone and tried again without applying it. */
export class ApplyFailure extends Error {
  override readonly name = 'ApplyFailure';
  readonly entry: Pick<Entry, 'origin' | 'seq'>;
  readonly reason: string;

  constructor(entry: Entry, cause: unknown) {
    super(`entry ${entry.seq} of ${entry.origin} could not be applied: ${textOf(cause)}`, { cause });
    this.entry = entry;
    this.reason = textOf(cause);
  }
}

export interface LeftOver {
  readonly origin: Origin;
  readonly seq: number;
  readonly kind: string;
  readonly reason: string;
}

/** Applies entries, and remembers those that could not be: one bad entry never stops the journal. */
export class EntryApplication {
  readonly #database: Database;
  readonly #applier: Applier;
  readonly #onDamage: (damage: Damage) => void;
  readonly #remember: Statement;
  readonly #forget: Statement;
  /** Entries the applier threw at, with the reason, until their transaction is through. */
  readonly #skipped = new Map<string, string>();
  #reports: Damage[] = [];
  /** What the table says; null after a change. Trimming asks every second or so. */
  #leftOvers: readonly LeftOver[] | null = null;

  constructor(database: Database, applier: Applier, onDamage: (damage: Damage) => void) {
    this.#database = database;
    this.#applier = applier;
    this.#onDamage = onDamage;
    this.#remember = database.prepare(
      `INSERT INTO unapplied(origin, seq, kind, reason) VALUES (?, ?, ?, ?)
       ON CONFLICT(origin, seq) DO UPDATE SET reason = excluded.reason`,
    );
    this.#forget = database.prepare('DELETE FROM unapplied WHERE origin = ? AND seq = ?');
  }

  /** Inside the transaction that stores the entry. Throws disk errors, and ApplyFailure. */
  apply(entry: Entry): void {
    const skipped = this.#skipped.get(keyOf(entry));
    if (skipped !== undefined) return this.#leaveOut(entry, skipped);
    const decoding = decodeEntry(entry);
    if ('reason' in decoding) return this.#leaveOut(entry, decoding.reason);
    try {
      this.#applier.apply(entry, decoding.body);
    } catch (error) {
      // What the disk or the database says concerns the whole transaction; anything else concerns this entry.
      if (isDiskError(error)) throw error;
      throw new ApplyFailure(entry, error);
    }
  }

  skip(failure: ApplyFailure): void {
    this.#skipped.set(keyOf(failure.entry), failure.reason);
  }

  settle(): void {
    this.#skipped.clear();
    const reports = this.#reports;
    this.#reports = [];
    for (const report of reports) this.#onDamage(report);
  }

  discard(): void {
    this.#reports = [];
    this.#leftOvers = null;
  }

  leftOvers(): readonly LeftOver[] {
    return (this.#leftOvers ??= this.#database
      .prepare('SELECT origin, seq, kind, reason FROM unapplied ORDER BY origin, seq')
      .all());
  }

  /** At start: what an older version could not apply, this one may. */
  applyLeftOvers(read: (origin: Origin, seq: number) => Entry | null): void {
    for (const { origin, seq } of this.leftOvers()) {
      const entry = read(origin, seq);
      if (entry) this.#applyLeftOver(entry);
    }
  }

  #applyLeftOver(entry: Entry): void {
    const decoding = decodeEntry(entry);
    if ('reason' in decoding) return;
    this.#leftOvers = null;
    try {
      this.#database.transaction(() => {
        this.#applier.apply(entry, decoding.body);
        this.#forget.run(entry.origin, entry.seq);
        this.#applier.beforeCommit();
      });
    } catch (error) {
      this.#applier.afterRollback();
      if (isDiskError(error)) throw error;
      this.#onDamage({ origin: entry.origin, seq: entry.seq, text: textOf(error) });
    }
  }

  #leaveOut(entry: Entry, reason: string): void {
    this.#leftOvers = null;
    this.#remember.run(entry.origin, entry.seq, entry.kind, reason);
    if (reason === unknownKind) return;
    const text = `entry ${entry.seq} of ${entry.origin} (${entry.kind}) is stored but not applied: ${reason}`;
    this.#reports.push({ origin: entry.origin, seq: entry.seq, text });
  }
}

function keyOf(entry: Pick<Entry, 'origin' | 'seq'>): string {
  return `${entry.origin}/${entry.seq}`;
}

function isDiskError(error: unknown): boolean {
  return ['WK_DISK_FULL', 'WK_DISK_FAILED', 'WK_DAMAGED', 'WK_UNAVAILABLE'].includes(codeOf(error));
}
