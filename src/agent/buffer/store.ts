import { severities } from '../../model/severity.ts';
import type { Database, Statement } from '../../runtime/database.ts';
import { add, copyTotals, noTotals, type Totals } from './totals.ts';
import { gapReasons, type Gap, type GapReason } from './gap.ts';

export interface NewRow {
  /** The pool that gets it: empty for the agent's own, else the ID of another. */
  readonly target: string;
  readonly severity: number;
  readonly createdMs: number;
  readonly bytes: number;
  /** The message as JSON, as it will stand in the batch. */
  readonly body: string;
}

export interface Row {
  readonly seq: number;
  readonly bytes: number;
  readonly copies: number;
  readonly body: string;
}

/** Sequence numbers from one to the other, both included; of these those of one target. */
export interface Range {
  readonly from: number;
  readonly to: number;
}
export interface TargetRange extends Range {
  readonly target: string;
}

/** What the messages of one target take. */
export interface TargetSum {
  readonly target: string;
  readonly count: number;
  readonly bytes: number;
}

/** Of what there is too much, and how it goes. */
interface Eviction {
  readonly once: Statement;
  readonly lowest: Statement;
  readonly excess: () => number;
}

interface Evictable {
  readonly seq: number;
  readonly severity: number;
  readonly bytes: number;
}

/**
 * The tables of the buffer, and the books that go with them. Every change runs inside `change`: rows and counters
 * commit together or not at all, in memory too.
 */
export class BufferStore {
  readonly #database: Database;
  readonly #sql: ReturnType<typeof prepareAll>;
  #totals: Totals;
  #lastSeq: number;

  constructor(database: Database) {
    this.#database = database;
    this.#sql = prepareAll(database);
    this.#lastSeq = this.#sql.lastSeq.get<{ seq: number | null }>()?.seq ?? 0;
    this.#totals = this.#load();
  }

  get totals(): Totals {
    return this.#totals;
  }

  /** The highest sequence number given out so far. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  change<T>(run: (totals: Totals) => T): T {
    const before = this.#totals;
    const lastSeq = this.#lastSeq;
    const totals = copyTotals(before);
    try {
      const result = this.#database.transaction(() => {
        const value = run(totals);
        this.#writeCounters(before, totals);
        return value;
      });
      this.#totals = totals;
      return result;
    } catch (error) {
      // Numbers that were rolled back are given out again.
      this.#lastSeq = lastSeq;
      throw error;
    }
  }

  insert(totals: Totals, row: NewRow): void {
    const { lastInsertRowid } = this.#sql.insert.run(
      row.severity,
      row.bytes,
      row.createdMs,
      row.body,
      row.target,
    );
    this.#lastSeq = lastInsertRowid;
    add(totals.produced, row.severity, 1);
    add(totals.buffered, row.severity, 1);
    totals.bufferedBytes += row.bytes;
    if (row.target !== '') totals.otherBytes += row.bytes;
  }

  /** Takes the messages of a range that have exactly `copies` out of the buffer: the pool has them. */
  deliver(totals: Totals, range: TargetRange, copies: number): void {
    const groups = this.#sql.sumRange.all<{ severity: number; count: number; bytes: number }>(
      range.from,
      range.to,
      copies,
      range.target,
    );
    this.#sql.deleteRange.run(range.from, range.to, copies, range.target);
    for (const { severity, count, bytes } of groups) {
      add(totals.delivered, severity, count);
      add(totals.buffered, severity, -count);
      totals.bufferedBytes -= bytes;
      if (range.target !== '') totals.otherBytes -= bytes;
      if (copies === 1) totals.onceBytes -= bytes;
    }
  }

  /** Notes that the messages of a range are stored by one server. */
  storedOnce(totals: Totals, range: TargetRange): void {
    const { from, to, target } = range;
    for (const { bytes } of this.#sql.sumRange.all<{ bytes: number }>(from, to, 0, target))
      totals.onceBytes += bytes;
    this.#sql.markOnce.run(from, to, target);
  }

  /**
   * What waits for a target that is none any more goes to the agent's own pool, as if it came now: under new numbers, so
   * that no range that is on its way there takes it along.
   */
  rehome(totals: Totals, target: string): void {
    const once = this.#sql.onceOf.get<{ bytes: number | null }>(target)?.bytes ?? 0;
    const all = this.targets().find((sum) => sum.target === target)?.bytes ?? 0;
    const { lastInsertRowid } = this.#sql.copyHome.run(target);
    if (this.#sql.deleteTarget.run(target).changes > 0) this.#lastSeq = lastInsertRowid;
    totals.onceBytes -= once;
    totals.otherBytes -= all;
  }

  /** Of every target but the agent's own pool that something waits for. */
  targets(): TargetSum[] {
    return this.#sql.targets.all<TargetSum>();
  }

  /** The pool will never take this message: it becomes part of a gap. */
  refuse(totals: Totals, seq: number): void {
    const row = this.#sql.one.get<Evictable & { copies: number; createdMs: number }>(seq);
    if (!row) return;
    this.#drop(totals, row, row.createdMs, 'refused by the pool');
    if (row.copies === 1) totals.onceBytes -= row.bytes;
  }

  /**
   * Makes room until at most `bytesMax` are used, and half of that by other pools, so that one that is away for long never
   * keeps the agent's own from its messages: first what one server has already, oldest first, then the lowest
   * severity, oldest first. What is claimed by a batch on its way stays. Returns how many were dropped.
   */
  evict(totals: Totals, bytesMax: number, claimed: readonly TargetRange[]): number {
    const { oldestOnce, oldestOnceOther, lowest, lowestOther } = this.#sql;
    const others = {
      once: oldestOnceOther,
      lowest: lowestOther,
      excess: () => totals.otherBytes - bytesMax / 2,
    };
    const all = { once: oldestOnce, lowest, excess: () => totals.bufferedBytes - bytesMax };
    return this.#makeRoom(totals, others, claimed) + this.#makeRoom(totals, all, claimed);
  }

  #makeRoom(totals: Totals, { once, lowest, excess }: Eviction, claimed: readonly TargetRange[]): number {
    while (excess() > 0 && totals.onceBytes > 0) {
      const oldest = once.get<{ seq: number; target: string }>();
      if (!oldest) break;
      this.deliver(totals, { from: oldest.seq, to: oldest.seq, target: oldest.target }, 1);
    }
    const dropped = excess() > 0 ? this.#evictable(lowest, excess(), claimed) : [];
    for (const row of dropped) {
      const createdMs = this.#sql.one.get<{ createdMs: number }>(row.seq)?.createdMs ?? 0;
      this.#drop(totals, row, createdMs, 'buffer full');
    }
    return dropped.length;
  }

  /** Chosen first, dropped after: a table must not change under its iterator. */
  #evictable(lowest: Statement, excess: number, claimed: readonly TargetRange[]): Evictable[] {
    const chosen: Evictable[] = [];
    let excessBytes = excess;
    for (const severity of severities.keys())
      for (const row of lowest.iterate<Evictable>(severity)) {
        if (excessBytes <= 0) return chosen;
        if (this.#isClaimed(row.seq, claimed)) continue;
        chosen.push(row);
        excessBytes -= row.bytes;
      }
    return chosen;
  }

  #isClaimed(seq: number, claimed: readonly TargetRange[]): boolean {
    const around = claimed.filter(({ from, to }) => seq >= from && seq <= to);
    if (around.length === 0) return false;
    const target = this.#sql.one.get<{ target: string }>(seq)?.target;
    return around.some((range) => range.target === target);
  }

  #drop(totals: Totals, row: Evictable, createdMs: number, reason: GapReason): void {
    if (this.#sql.one.get<{ target: string }>(row.seq)?.target) totals.otherBytes -= row.bytes;
    this.#sql.deleteOne.run(row.seq);
    this.#sql.addGap.run(reason, row.severity, createdMs, createdMs);
    add(totals.dropped, row.severity, 1);
    add(totals.buffered, row.severity, -1);
    totals.bufferedBytes -= row.bytes;
  }

  /** Gaps that no message has told of yet. */
  openGaps(): Gap[] {
    return this.#sql.gaps.all<Omit<Gap, 'reason'> & { reason: string }>().flatMap((row) => {
      const reason = gapReasons.find((known) => known === row.reason);
      return reason ? [{ ...row, reason }] : [];
    });
  }

  closeGaps(): void {
    this.#sql.closeGaps.run();
  }

  /** Up to `countMax` messages for a target with no copy yet, from a sequence number on: whole in rows, cut at `bytesMax`. */
  unsent(target: string, from: number, countMax: number, bytesMax: number): Row[] {
    const { unsent, unsentOther } = this.#sql;
    const rows = (target === '' ? unsent : unsentOther).iterate<Row>(target, from);
    return cut(withoutCopies(rows), countMax, bytesMax);
  }

  /** The same for messages that one server has. */
  once(target: string, from: number, countMax: number, bytesMax: number): Row[] {
    return cut(this.#sql.once.iterate<Row>(target, from), countMax, bytesMax);
  }

  /** The lowest sequence number without a copy; null where there is none. */
  firstUnsent(target: string): number | null {
    const { firstUnsent, firstUnsentOther } = this.#sql;
    const statement = target === '' ? firstUnsent : firstUnsentOther;
    return statement.get<{ seq: number | null }>(target)?.seq ?? null;
  }

  state(key: string): string | null {
    return this.#sql.state.get<{ value: string }>(key)?.value ?? null;
  }

  setState(key: string, value: string | null): void {
    if (value === null) this.#sql.forgetState.run(key);
    else this.#sql.setState.run(key, value);
  }

  close(): void {
    this.#database.close();
  }

  #load(): Totals {
    const totals = noTotals();
    type Counter = { severity: number; produced: number; delivered: number; dropped: number };
    for (const row of this.#sql.counters.all<Counter>()) {
      add(totals.produced, row.severity, row.produced);
      add(totals.delivered, row.severity, row.delivered);
      add(totals.dropped, row.severity, row.dropped);
    }
    type Sum = { severity: number; copies: number; count: number; bytes: number };
    for (const row of this.#sql.sums.all<Sum>()) {
      add(totals.buffered, row.severity, row.count);
      totals.bufferedBytes += row.bytes;
      if (row.copies === 1) totals.onceBytes += row.bytes;
    }
    totals.otherBytes = this.targets().reduce((all, { bytes }) => all + bytes, 0);
    return totals;
  }

  #writeCounters(before: Totals, totals: Totals): void {
    for (const rank of severities.keys()) {
      const [produced, delivered, dropped] = [
        totals.produced[rank] ?? 0,
        totals.delivered[rank] ?? 0,
        totals.dropped[rank] ?? 0,
      ];
      if (
        produced !== before.produced[rank] ||
        delivered !== before.delivered[rank] ||
        dropped !== before.dropped[rank]
      )
        this.#sql.setCounter.run(rank, produced, delivered, dropped);
    }
  }
}

/** Passes over what stands before the first row without a copy. */
function* withoutCopies(rows: Iterable<Row>): Generator<Row> {
  let started = false;
  for (const row of rows) {
    started ||= row.copies === 0;
    if (started) yield row;
  }
}

/** A batch is of one kind and without holes: the next row of another kind ends it. */
function cut(rows: Iterable<Row>, countMax: number, bytesMax: number): Row[] {
  const taken: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    bytes += row.bytes;
    const first = taken[0];
    if (first && (taken.length >= countMax || bytes > bytesMax || row.copies !== first.copies)) break;
    taken.push(row);
  }
  return taken;
}

function prepareAll(database: Database): Record<StatementName, Statement> {
  const entries = Object.entries(sql).map(([name, text]) => [name, database.prepare(text)] as const);
  return Object.fromEntries(entries) as Record<StatementName, Statement>;
}

type StatementName = keyof typeof sql;

const sql = {
  insert: 'INSERT INTO messages(severity, bytes, createdMs, body, target) VALUES (?, ?, ?, ?, ?)',
  sumRange: `SELECT severity, count(*) AS count, sum(bytes) AS bytes FROM messages NOT INDEXED
    WHERE seq BETWEEN ? AND ? AND copies = ? AND target = ? GROUP BY severity`,
  deleteRange: 'DELETE FROM messages NOT INDEXED WHERE seq BETWEEN ? AND ? AND copies = ? AND target = ?',
  markOnce: `UPDATE messages NOT INDEXED SET copies = 1
    WHERE seq BETWEEN ? AND ? AND copies = 0 AND target = ?`,
  one: 'SELECT seq, severity, copies, bytes, createdMs, target FROM messages WHERE seq = ?',
  deleteOne: 'DELETE FROM messages WHERE seq = ?',
  oldestOnce: 'SELECT seq, target FROM messages WHERE copies = 1 ORDER BY seq LIMIT 1',
  oldestOnceOther: `SELECT seq, target FROM messages INDEXED BY by_target
    WHERE target <> '' AND copies = 1 ORDER BY seq LIMIT 1`,
  lowestOther: `SELECT seq, severity, bytes FROM messages
    WHERE severity = ? AND copies = 0 AND target <> '' ORDER BY seq`,
  lowest: 'SELECT seq, severity, bytes FROM messages WHERE severity = ? AND copies = 0 ORDER BY seq',
  unsent:
    'SELECT seq, bytes, copies, body FROM messages NOT INDEXED WHERE target = ? AND seq >= ? ORDER BY seq',
  unsentOther: `SELECT seq, bytes, copies, body FROM messages INDEXED BY by_target
    WHERE target <> '' AND target = ? AND seq >= ? ORDER BY seq`,
  once: 'SELECT seq, bytes, copies, body FROM messages WHERE copies = 1 AND target = ? AND seq >= ? ORDER BY seq',
  lastSeq: 'SELECT max(seq) AS seq FROM messages',
  firstUnsent: 'SELECT seq FROM messages NOT INDEXED WHERE target = ? AND copies = 0 ORDER BY seq LIMIT 1',
  firstUnsentOther: `SELECT min(seq) AS seq FROM messages INDEXED BY by_target
    WHERE target <> '' AND target = ? AND copies = 0`,
  targets: `SELECT target, count(*) AS count, sum(bytes) AS bytes FROM messages INDEXED BY by_target
    WHERE target <> '' GROUP BY target`,
  onceOf: `SELECT sum(bytes) AS bytes FROM messages INDEXED BY by_target
    WHERE target <> '' AND target = ? AND copies = 1`,
  copyHome: `INSERT INTO messages(severity, bytes, createdMs, body, target)
    SELECT severity, bytes, createdMs, body, '' FROM messages INDEXED BY by_target
    WHERE target <> '' AND target = ? ORDER BY seq`,
  deleteTarget: `DELETE FROM messages INDEXED BY by_target WHERE target <> '' AND target = ?`,
  gaps: 'SELECT reason, severity, count, firstMs, lastMs FROM gaps ORDER BY reason, severity',
  addGap: `INSERT INTO gaps(reason, severity, count, firstMs, lastMs) VALUES (?, ?, 1, ?, ?)
    ON CONFLICT(reason, severity) DO UPDATE SET count = count + 1,
    firstMs = min(firstMs, excluded.firstMs), lastMs = max(lastMs, excluded.lastMs)`,
  closeGaps: 'DELETE FROM gaps',
  state: 'SELECT value FROM state WHERE key = ?',
  setState:
    'INSERT INTO state(key, value) VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value',
  forgetState: 'DELETE FROM state WHERE key = ?',
  counters: 'SELECT severity, produced, delivered, dropped FROM counters',
  setCounter: `INSERT INTO counters(severity, produced, delivered, dropped) VALUES (?, ?, ?, ?)
    ON CONFLICT(severity) DO UPDATE SET produced = excluded.produced, delivered = excluded.delivered,
    dropped = excluded.dropped`,
  sums: 'SELECT severity, copies, count(*) AS count, sum(bytes) AS bytes FROM messages GROUP BY severity, copies',
} as const;
