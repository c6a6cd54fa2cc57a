import type { Database } from '../runtime/database.ts';

/**
 * An entry's row is `origin number * 2^36 + seq`: the primary key alone finds an entry, keeps each origin's entries
 * together, and needs no second index. Room for 131,072 runs of 68,719,476,736 entries each.
 */
export const seqsPerOrigin = 2 ** 36;

/** Tables that belong to this server alone; a snapshot of another server never brings or replaces them. */
export const localTables: readonly string[] = ['local'];

/**
 * origins: how far each origin got, what was trimmed, the chain hash there, and the bytes kept.
 * unapplied: entries that this version could not apply, and why; a later version tries again.
 * local: the server's own notes.
 */
export function createJournalTables(database: Database): void {
  database.exec(`
    CREATE TABLE IF NOT EXISTS journal(
      row INTEGER PRIMARY KEY, hlc INTEGER NOT NULL, kind TEXT NOT NULL,
      checksum BLOB NOT NULL, chain BLOB NOT NULL, body BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS origins(
      number INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE, last INTEGER NOT NULL, first_kept INTEGER NOT NULL,
      hlc INTEGER NOT NULL, chain BLOB NOT NULL, bytes INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS unapplied(
      origin TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL,
      PRIMARY KEY(origin, seq)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS local(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;`);
}
