import { seenVia, type DefinitionKind, type DefinitionPlace } from '../model/config.ts';
import type { JournaledChange } from '../model/definition-change.ts';
import type { Database, SqlValue, Statement } from '../runtime/database.ts';

/** What one definition said from a revision on. */
export interface HistoryRow {
  readonly kind: string;
  readonly name: string;
  readonly revision: number;
  readonly lineage: string;
  readonly atMs: number;
  readonly by: string;
  readonly via: string;
  /** JSON; null: it was removed. */
  readonly content: string | null;
}

/** Of one definition; the oldest go. The same on every server, since it is a matter of the rows alone. */
const revisionsMax = 1_000;
const columns = 'kind, name, revision, lineage, at_ms AS atMs, by, via, content';

export interface HistoryQuery {
  readonly kinds: readonly string[];
  readonly name?: string | undefined;
  readonly limit: number;
  /** Only what is older. */
  readonly before?: number | undefined;
}

/**
 * The history of definitions, as the journals brought it: every server has it, and whoever comes later gets it with a
 * snapshot. Like the audit trail its rows stay when the journal is trimmed, and are in no state hash.
 */
export class DefinitionHistory {
  readonly #database: Database;
  readonly #insert: Statement;
  readonly #trim: Statement;
  readonly #last: Statement;
  readonly #at: Statement;
  readonly #before: Statement;
  readonly #present: Statement;

  constructor(database: Database) {
    this.#database = database;
    // Whoever made a change knows more about it than whoever only saw that it had been made.
    this.#insert = database.prepare(
      `INSERT INTO definition_history(kind, name, revision, lineage, at_ms, by, via, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT(kind, name, revision, lineage) DO UPDATE SET at_ms = excluded.at_ms, by = excluded.by,
         via = excluded.via, content = excluded.content WHERE via = '${seenVia}' AND excluded.via <> '${seenVia}'`,
    );
    this.#trim = database.prepare(
      `DELETE FROM definition_history WHERE kind = ?1 AND name = ?2 AND revision < (
         SELECT revision FROM definition_history WHERE kind = ?1 AND name = ?2
         ORDER BY revision DESC LIMIT 1 OFFSET ${revisionsMax - 1})`,
    );
    const of = `SELECT ${columns} FROM definition_history WHERE kind = ? AND name = ?`;
    this.#last = database.prepare(`${of} ORDER BY revision DESC, lineage DESC LIMIT 1`);
    this.#at = database.prepare(`${of} AND revision = ? ORDER BY lineage DESC LIMIT 1`);
    this.#before = database.prepare(`${of} AND revision < ? ORDER BY revision DESC, lineage DESC LIMIT 1`);
    this.#present = database.prepare(
      `SELECT name FROM definition_history AS row WHERE kind = ? AND content IS NOT NULL AND revision = (
         SELECT max(revision) FROM definition_history AS other
         WHERE other.kind = row.kind AND other.name = row.name)`,
    );
  }

  apply(changes: readonly JournaledChange[]): void {
    for (const { items, revision, lineage, atMs, by, via } of changes)
      for (const { kind, name, content } of items) {
        const text = content === null ? null : JSON.stringify(content);
        this.#insert.run(kind, name, revision, lineage, atMs, by, via, text);
        this.#trim.run(kind, name);
      }
  }

  /** Null where nothing was ever written down about it. */
  last({ kind, name }: DefinitionPlace): HistoryRow | null {
    return this.#last.get<HistoryRow>(kind, name) ?? null;
  }

  at({ kind, name }: DefinitionPlace, revision: number): HistoryRow | null {
    return this.#at.get<HistoryRow>(kind, name, revision) ?? null;
  }

  /** The one before that revision. */
  before({ kind, name }: DefinitionPlace, revision: number): HistoryRow | null {
    return this.#before.get<HistoryRow>(kind, name, revision) ?? null;
  }

  /** Those that are there, as far as the history knows. */
  present(kind: DefinitionKind): { name: string }[] {
    return this.#present.all<{ name: string }>(kind);
  }

  /** The newest first. */
  list({ kinds, name, limit, before }: HistoryQuery): HistoryRow[] {
    const conditions = ['kind IN (SELECT value FROM json_each(?))'];
    const values: SqlValue[] = [JSON.stringify(kinds)];
    const demand = (sql: string, value: SqlValue): void => {
      conditions.push(sql);
      values.push(value);
    };
    if (name !== undefined) demand('name = ?', name);
    if (before !== undefined) demand('revision < ?', before);
    return this.#database
      .prepare(
        `SELECT ${columns} FROM definition_history WHERE ${conditions.join(' AND ')}
         ORDER BY revision DESC, kind, name LIMIT ?`,
      )
      .all<HistoryRow>(...values, limit);
  }
}
