import { hash } from 'node:crypto';
import type { EntryStamp } from '../journal/applier.ts';
import { auditText, type AuditQuery, type AuditRecord } from '../model/audit.ts';
import type { Origin } from '../model/origin.ts';
import type { Database, SqlValue, Statement } from '../runtime/database.ts';

/** A record as it lies in the table; `text` is what was hashed. */
export interface AuditRow {
  readonly origin: Origin;
  readonly number: number;
  readonly seq: number;
  readonly hlc: number;
  readonly text: string;
  readonly hash: string;
}

const rowsAtOnce = 1_000;
const columns = 'origin, number, seq, hlc, text, hash';

/**
 * The audit trail, as the journals brought it. Its rows stay when the journal's entries and the messages are trimmed,
 * and travel with snapshots. It is in no state hash: it has chains of its own, which are compared between servers.
 */
export class AuditRows {
  readonly #database: Database;
  readonly #insert: Statement;
  readonly #last: Statement;
  readonly #page: Statement;

  constructor(database: Database) {
    this.#database = database;
    this.#insert = database.prepare(
      `INSERT INTO audit(${columns}, by, action, outcome, session) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT(origin, number) DO NOTHING`,
    );
    this.#last = database.prepare(
      `SELECT ${columns} FROM audit WHERE origin >= ? AND origin < ? ORDER BY hlc DESC, number DESC LIMIT 1`,
    );
    this.#page = database.prepare(
      `SELECT ${columns} FROM audit WHERE (origin, number) > (?, ?) ORDER BY origin, number LIMIT ?`,
    );
  }

  apply(records: readonly AuditRecord[], { origin, seq, hlc }: EntryStamp): void {
    for (const record of records) {
      const text = auditText(record);
      const { number, by, action, outcome, session } = record;
      this.#insert.run(origin, number, seq, hlc, text, hash('sha256', text), by, action, outcome, session);
    }
  }

  /** The newest record of any run of that server; null when there is none. */
  lastOf(coreId: string): AuditRow | null {
    return this.#last.get<AuditRow>(`${coreId}.`, `${coreId}/`) ?? null;
  }

  /** All records, those of one origin together and in order; `pause` lets other work in between two pages. */
  async *pages(pause: () => Promise<void>): AsyncGenerator<readonly AuditRow[]> {
    let last: Pick<AuditRow, 'origin' | 'number'> = { origin: '', number: 0 };
    for (;;) {
      const rows = this.#page.all<AuditRow>(last.origin, last.number, rowsAtOnce);
      const end = rows.at(-1);
      if (end === undefined) return;
      yield rows;
      last = end;
      await pause();
    }
  }

  /** Newest first; one more than `limit` where there are more. */
  list({ by, action, outcome, sinceMs, cursor, limit }: AuditQuery): AuditRow[] {
    const conditions: string[] = [];
    const values: SqlValue[] = [];
    const demand = (sql: string, ...of: SqlValue[]): void => {
      conditions.push(sql);
      values.push(...of);
    };
    if (by !== undefined) demand('by = ?', by);
    if (action !== undefined)
      demand('(action = ? OR substr(action, 1, ?) = ?)', action, action.length + 1, `${action}.`);
    if (outcome !== undefined) demand('outcome = ?', outcome);
    if (sinceMs !== undefined) demand('hlc >= ?', sinceMs * 1_000);
    const place = /^(\d+)-(.+)-(\d+)$/.exec(cursor ?? '');
    if (place)
      demand('(hlc, origin, number) < (?, ?, ?)', Number(place[1]), place[2] ?? '', Number(place[3]));
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    return this.#database
      .prepare(`SELECT ${columns} FROM audit ${where} ORDER BY hlc DESC, origin DESC, number DESC LIMIT ?`)
      .all<AuditRow>(...values, limit + 1);
  }

  /** IDs of sessions that were ended since, with when. */
  endedSessions(sinceMs: number): { session: string; atMs: number }[] {
    return this.#database
      .prepare(
        `SELECT session, hlc / 1000 AS atMs FROM audit
         WHERE hlc >= ?1 AND action = 'session.end' AND outcome = 'allowed' AND session IS NOT NULL
         UNION ALL SELECT json_extract(text, '$.target'), hlc / 1000 FROM audit
         WHERE hlc >= ?1 AND action = 'session.revoke' AND outcome = 'allowed' AND json_valid(text)`,
      )
      .all<{ session: string; atMs: number }>(sinceMs * 1_000);
  }
}

export function auditCursor({ hlc, origin, number }: AuditRow): string {
  return `${hlc}-${origin}-${number}`;
}
