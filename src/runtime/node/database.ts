import { chmodSync, closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { backup, DatabaseSync, type StatementSync } from 'node:sqlite';
import { WatchError, textOf, type ErrorCode } from '../../model/errors.ts';
import type { Database, Databases, OpenOptions, SqlRow, SqlValue, Statement } from '../database.ts';

/** SQLite's primary result codes that have a word of ours; the extended code's low byte is the primary one. */
const codes: Readonly<Record<number, ErrorCode>> = {
  5: 'WK_UNAVAILABLE', // SQLITE_BUSY
  6: 'WK_UNAVAILABLE', // SQLITE_LOCKED
  8: 'WK_DISK_FAILED', // SQLITE_READONLY: the file system went read-only under us
  10: 'WK_DISK_FAILED', // SQLITE_IOERR, a failed fsync among them
  11: 'WK_DAMAGED', // SQLITE_CORRUPT
  13: 'WK_DISK_FULL', // SQLITE_FULL
  14: 'WK_UNAVAILABLE', // SQLITE_CANTOPEN
  26: 'WK_DAMAGED', // SQLITE_NOTADB
};

const advice: Readonly<Partial<Record<ErrorCode, string>>> = {
  WK_UNAVAILABLE: 'it is locked or cannot be opened',
  WK_DISK_FAILED: 'the disk reported an error; look at the system log',
  WK_DAMAGED: 'it is damaged; move it aside or restore a backup',
  WK_DISK_FULL: 'the disk is full; free some space',
};

/** A write-ahead log of 8 MB: fewer pages are written twice than with SQLite's 4 MB, and a checkpoint stays short. */
const checkpointPages = 2_000;
const cacheBytesDefault = 8 * 1_048_576;
const headerBytes = 100;

export const nodeDatabases: Databases = {
  open(path, options) {
    try {
      return NodeDatabase.open(path, options);
    } catch (error) {
      throw mapped(error, path);
    }
  },
};

/** What SQLite says about one file, in our codes. */
class ErrorMap {
  readonly path: string;
  readonly #onDamaged: OpenOptions['onDamaged'];

  constructor(path: string, { onDamaged }: OpenOptions) {
    this.path = path;
    this.#onDamaged = onDamaged;
  }

  of(error: unknown): unknown {
    const told = mapped(error, this.path);
    if (told instanceof WatchError && told.code === 'WK_DAMAGED') this.#onDamaged?.(told);
    return told;
  }
}

/** Errors that are not SQLite's own (a broken invariant, a refused statement) pass through as they are. */
function mapped(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error;
  const code = codes[error.errcode & 0xff];
  if (code === undefined) return error;
  return new WatchError(code, `${path}: ${advice[code]} (${textOf(error)})`, { cause: error });
}

/** Versions before 3.51.3, and 3.52.0, can lose a commit when a checkpoint resets the write-ahead log. */
export function isSafeSqlite(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major === 3 && minor === 52 && patch === 0) return false;
  return major > 3 || (major === 3 && (minor > 51 || (minor === 51 && patch >= 3)));
}

class NodeDatabase implements Database {
  readonly path: string;
  readonly #errors: ErrorMap;
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;

  private constructor(path: string, database: DatabaseSync, errors: ErrorMap) {
    this.path = path;
    this.#errors = errors;
    this.#database = database;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
  }

  static open(path: string, options: OpenOptions): NodeDatabase {
    if (!options.readOnly) createPrivate(path);
    refuseTruncated(path);
    const database = new DatabaseSync(path, {
      timeout: options.busyMs,
      readOnly: options.readOnly ?? false,
      enableForeignKeyConstraints: false,
    });
    try {
      configure(database, path, options);
      return new NodeDatabase(path, database, new ErrorMap(path, options));
    } catch (error) {
      database.close();
      throw error;
    }
  }

  exec(sql: string): void {
    this.#guarded(() => this.#database.exec(sql));
  }

  prepare(sql: string): Statement {
    return this.#guarded(() => new NodeStatement(this.#database.prepare(sql), this.#errors));
  }

  transaction<T>(run: () => T): T {
    this.#guarded(() => this.#begin.run());
    try {
      const result = run();
      this.#commit.run();
      return result;
    } catch (error) {
      // SQLite has rolled back by itself after some errors; a second ROLLBACK would hide the first cause.
      if (this.#database.isTransaction) this.#guarded(() => this.#database.exec('ROLLBACK'));
      throw this.#errors.of(error);
    }
  }

  async backup(path: string, onProgress?: (remaining: number, total: number) => void): Promise<void> {
    createPrivate(path);
    try {
      await backup(this.#database, path, {
        rate: 256,
        progress: ({ remainingPages, totalPages }) => onProgress?.(remainingPages, totalPages),
      });
    } catch (error) {
      throw mapped(error, path);
    }
  }

  close(): void {
    this.#guarded(() => this.#database.close());
  }

  #guarded<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw this.#errors.of(error);
    }
  }
}

class NodeStatement implements Statement {
  readonly #statement: StatementSync;
  readonly #errors: ErrorMap;

  constructor(statement: StatementSync, errors: ErrorMap) {
    this.#statement = statement;
    this.#errors = errors;
  }

  run(...values: SqlValue[]): { changes: number; lastInsertRowid: number } {
    try {
      const done = this.#statement.run(...values);
      return { changes: Number(done.changes), lastInsertRowid: Number(done.lastInsertRowid) };
    } catch (error) {
      throw this.#errors.of(error);
    }
  }

  get<Row = SqlRow>(...values: SqlValue[]): Row | undefined {
    try {
      return this.#statement.get(...values) as Row | undefined;
    } catch (error) {
      throw this.#errors.of(error);
    }
  }

  all<Row = SqlRow>(...values: SqlValue[]): Row[] {
    try {
      return this.#statement.all(...values) as Row[];
    } catch (error) {
      throw this.#errors.of(error);
    }
  }

  *iterate<Row = SqlRow>(...values: SqlValue[]): IterableIterator<Row> {
    try {
      for (const row of this.#statement.iterate(...values)) yield row as Row;
    } catch (error) {
      throw this.#errors.of(error);
    }
  }
}

/** SQLite gives the log and the shared-memory file the mode of the database file, so only that one is made here. */
function createPrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
}

/**
 * SQLite notices a cut-off file only when it needs a page beyond its end. With no write-ahead log beside it, the
 * header says how long the file must be.
 */
function refuseTruncated(path: string): void {
  if (existsSync(`${path}-wal`)) return;
  const header = new DataView(new ArrayBuffer(headerBytes));
  const file = openSync(path, 'r');
  try {
    if (readSync(file, header, 0, headerBytes, 0) < headerBytes) return;
  } finally {
    closeSync(file);
  }
  const pageBytes = header.getUint16(16) === 1 ? 65_536 : header.getUint16(16);
  const neededBytes = header.getUint32(28) * pageBytes;
  const sizeBytes = statSync(path).size;
  if (sizeBytes < neededBytes)
    throw new WatchError(
      'WK_DAMAGED',
      `${path}: it is cut off at ${sizeBytes} of ${neededBytes} bytes; move it aside or restore a backup`,
    );
}

function configure(database: DatabaseSync, path: string, options: OpenOptions): void {
  const version = String(database.prepare('SELECT sqlite_version() AS value').get()?.value);
  if (!isSafeSqlite(version))
    throw new WatchError(
      'WK_CONFIG',
      `SQLite ${version} can lose commits; run Watchkeeper with its own Node`,
    );
  database.exec(`PRAGMA cache_size = -${Math.ceil((options.cacheBytes ?? cacheBytesDefault) / 1_024)}`);
  if (options.readOnly) return;
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${options.synchronous}`);
  database.exec(
    `PRAGMA wal_autocheckpoint = ${checkpointPages}; PRAGMA journal_size_limit = ${4 * checkpointPages * 4_096}`,
  );
  demand(database, path, 'journal_mode', 'wal');
  demand(database, path, 'synchronous', options.synchronous === 'full' ? 2 : 1);
}

function demand(database: DatabaseSync, path: string, pragma: string, wanted: string | number): void {
  const row = database.prepare(`PRAGMA ${pragma}`).get();
  if (row?.[pragma] !== wanted)
    throw new WatchError(
      'WK_CONFIG',
      `${path}: SQLite keeps ${pragma} at ${String(row?.[pragma])} where ${wanted} is needed; use a local file system`,
    );
}
