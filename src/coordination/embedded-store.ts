import { WatchError } from '../model/errors.ts';
import { invariant } from '../model/invariant.ts';
import type { Database, Statement } from '../runtime/database.ts';
import { groupByRevision } from './group-by-revision.ts';
import type { Change, Deleted, Item, Transaction, TransactionResult } from './coordination.ts';

const format = 1;
const logBytesMax = 16 * 1_048_576;
/** The log of changes is cut now and then rather than in every transaction. */
const trimEvery = 16;

const schema = `
CREATE TABLE IF NOT EXISTS state (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  format INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  compacted INTEGER NOT NULL
) STRICT;
INSERT OR IGNORE INTO state VALUES (1, ${format}, 0, 0);
CREATE TABLE IF NOT EXISTS items (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS changes (
  revision INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (revision, key)
) STRICT, WITHOUT ROWID;
`;

/**
 * The tables of the embedded coordinator and the statements over them, all synchronous. What needs one consistent
 * picture is one statement, so that readers never hold a transaction open.
 */
export class EmbeddedStore {
  readonly #database: Database;
  readonly #logRevisionsMax: number;
  readonly #sql: Record<keyof typeof statements, Statement>;

  constructor(database: Database, logRevisionsMax: number) {
    this.#database = database;
    this.#logRevisionsMax = logRevisionsMax;
    database.transaction(() => database.exec(schema));
    this.#sql = prepareAll(database);
    this.#checkFormat();
  }

  get(key: string): Item | null {
    const row = this.#sql.get.get<Item>(key);
    return row === undefined ? null : { ...row };
  }

  list(prefix: string): { items: Item[]; revision: number } {
    const rows = this.#sql.list.all<Partial<Item> & { at: number }>(prefix, after(prefix));
    const items = rows.flatMap(({ key, value, revision }) =>
      typeof key === 'string' && typeof value === 'string' && typeof revision === 'number'
        ? [{ key, value, revision }]
        : [],
    );
    const first = rows[0];
    invariant(first !== undefined, 'the state row of the embedded coordinator is always there');
    return { items, revision: first.at };
  }

  transact(transaction: Transaction): TransactionResult {
    return this.#database.transaction(() => {
      const failed = transaction.conditions.filter(
        ({ key, revision }) => (this.#revisionOf(key) ?? 0) !== revision,
      );
      if (failed.length > 0) return { done: false, failed: failed.map(({ key }) => key) };
      return { done: true, revision: this.#write(transaction.writes) };
    });
  }

  /** Changes whenever another connection, also of another process, committed something. */
  dataVersion(): number {
    return this.#sql.dataVersion.get<{ data_version: number }>()?.data_version ?? 0;
  }

  /** What a watcher that knows everything up to `revision` lacks, and where it stands afterwards. */
  changesAfter(prefix: string, revision: number): { changes: Change[]; upTo: number } {
    const before = this.#state();
    if (before.revision === revision) return { changes: [], upTo: revision };
    const rows = this.#sql.changes.all<Item | Deleted>(revision, before.revision, prefix, after(prefix));
    // Another process may have trimmed the log between the two reads: what counts is the mark afterwards.
    if (revision > before.revision || this.#state().compacted > revision) {
      const list = this.list(prefix);
      return { changes: [{ reset: true, ...list }], upTo: list.revision };
    }
    return { changes: groupByRevision(rows.map((row) => ({ ...row }))), upTo: before.revision };
  }

  #write(writes: Transaction['writes']): number {
    const current = this.#state().revision;
    const effective = writes.filter(({ key, value }) => value !== null || this.#revisionOf(key) !== null);
    if (effective.length === 0) return current;
    const revision = current + 1;
    for (const { key, value } of effective) {
      if (value === null) this.#sql.remove.run(key);
      else this.#sql.put.run(key, value, revision);
      this.#sql.log.run(revision, key, value, Buffer.byteLength(value ?? ''));
    }
    this.#sql.advance.run(revision);
    if (revision % trimEvery === 0) this.#trim(revision);
    return revision;
  }

  #trim(revision: number): void {
    const byCount = revision - this.#logRevisionsMax;
    const byBytes = this.#sql.overBytes.get<{ revision: number | null }>(logBytesMax)?.revision ?? 0;
    const upTo = Math.max(byCount, byBytes);
    if (upTo <= this.#state().compacted) return;
    this.#sql.trim.run(upTo);
    this.#sql.compact.run(upTo);
  }

  #state(): { revision: number; compacted: number; format: number } {
    const row = this.#sql.state.get<{ revision: number; compacted: number; format: number }>();
    invariant(row !== undefined, 'the state row of the embedded coordinator is always there');
    return row;
  }

  #revisionOf(key: string): number | null {
    return this.#sql.revision.get<{ revision: number }>(key)?.revision ?? null;
  }

  #checkFormat(): void {
    const found = this.#state().format;
    if (found !== format)
      throw new WatchError(
        'WK_CONFIG',
        `the coordinator ${this.#database.path} has format ${found}, this version knows ${format}: run the version that wrote it`,
      );
  }
}

const statements = {
  get: 'SELECT key, value, revision FROM items WHERE key = ?',
  revision: 'SELECT revision FROM items WHERE key = ?',
  list: `SELECT s.revision AS at, i.key, i.value, i.revision FROM state s
    LEFT JOIN items i ON i.key >= ? AND i.key < ? ORDER BY i.key`,
  state: 'SELECT revision, compacted, format FROM state',
  advance: 'UPDATE state SET revision = ?',
  compact: 'UPDATE state SET compacted = ?',
  put: `INSERT INTO items (key, value, revision) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision`,
  remove: 'DELETE FROM items WHERE key = ?',
  log: 'INSERT INTO changes (revision, key, value, bytes) VALUES (?, ?, ?, ?)',
  trim: 'DELETE FROM changes WHERE revision <= ?',
  /** The newest revision that, with all newer ones, takes more room than allowed. */
  overBytes: `SELECT max(revision) AS revision FROM
    (SELECT revision, sum(bytes) OVER (ORDER BY revision DESC, key DESC) AS total FROM changes) WHERE total > ?`,
  changes: `SELECT key, value, revision FROM changes
    WHERE revision > ? AND revision <= ? AND key >= ? AND key < ? ORDER BY revision, key`,
  dataVersion: 'PRAGMA data_version',
} as const;

function prepareAll(database: Database): Record<keyof typeof statements, Statement> {
  const entries = Object.entries(statements).map(([name, sql]) => [name, database.prepare(sql)]);
  return Object.fromEntries(entries) as Record<keyof typeof statements, Statement>;
}

/** Above every key that starts with `prefix`; keys are ASCII. */
function after(prefix: string): string {
  return `${prefix}\u{7f}`;
}
