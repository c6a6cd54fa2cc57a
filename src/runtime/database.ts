import type { WatchError } from '../model/errors.ts';

export type SqlValue = string | number | bigint | Uint8Array | null;
export type SqlRow = Record<string, SqlValue>;

export interface Statement {
  run(...values: SqlValue[]): { changes: number; lastInsertRowid: number };
  get<Row = SqlRow>(...values: SqlValue[]): Row | undefined;
  all<Row = SqlRow>(...values: SqlValue[]): Row[];
  iterate<Row = SqlRow>(...values: SqlValue[]): IterableIterator<Row>;
}

/**
 * One SQLite file through one connection, synchronous. Errors are WatchErrors: WK_DISK_FULL, WK_DISK_FAILED (also a
 * failed fsync: the process must end), WK_DAMAGED, WK_UNAVAILABLE (busy for longer than the time-out).
 */
export interface Database {
  readonly path: string;
  exec(sql: string): void;
  prepare(sql: string): Statement;
  /** BEGIN IMMEDIATE … COMMIT around `run`; rolled back when it throws. Does not nest. */
  transaction<T>(run: () => T): T;
  /** A consistent copy into a new file while this database goes on being used. */
  backup(path: string, onProgress?: (remaining: number, total: number) => void): Promise<void>;
  close(): void;
}

export interface OpenOptions {
  /** `full`: a commit is on the disk when it returns (asserted at open). `normal`: a power cut may undo the last ones. */
  readonly synchronous: 'full' | 'normal';
  /** How long a locked file is waited for. */
  readonly busyMs: number;
  readonly cacheBytes?: number;
  readonly readOnly?: boolean;
  /** SQLite found that the file is damaged, in whatever call; that call throws WK_DAMAGED all the same. */
  readonly onDamaged?: (error: WatchError) => void;
}

export interface Databases {
  /** Opens or creates (mode 0600) in WAL mode; refuses SQLite versions with the WAL-reset fault. */
  open(path: string, options: OpenOptions): Database;
}
