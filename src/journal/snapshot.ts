import { codeOf, textOf, WatchError } from '../model/errors.ts';
import type { Entry } from '../model/entry.ts';
import type { Positions } from '../model/origin.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Database, Databases } from '../runtime/database.ts';
import type { Files } from '../runtime/files.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Applier } from './applier.ts';
import { Journal } from './journal.ts';
import { localTables } from './tables.ts';

export interface InstallOptions {
  readonly runtime: Pick<Runtime, 'databases' | 'files' | 'clock' | 'timers' | 'random'>;
  readonly coreId: Uuid;
  readonly databasePath: string;
  /** A snapshot received as a whole, its checksum verified; it is gone afterwards, installed or refused. */
  readonly snapshotPath: string;
  readonly openApplier: (database: Database) => Applier;
  /**
   * Tables outside the journal whose rows, where ours has any, replace those of the snapshot: its maker may have been
   * behind us in what is not journalled.
   */
  readonly tablesKept: readonly string[];
}

export type InstallResult =
  | { readonly result: 'nothing to install' }
  | { readonly result: 'installed'; readonly entriesKept: number }
  | { readonly result: 'refused'; readonly because: string };

const open = { synchronous: 'full', busyMs: 2_000 } as const;
const readBytesMax = 1_048_576;

/** Our own database is the damaged one: the snapshot stays for another try. */
class OwnDamage extends Error {
  override readonly name = 'OwnDamage';
}

/**
 * Puts a snapshot in the place of this server's database: before the journal opens, by nobody else. Entries that only
 * we have are applied to the snapshot first, and our local tables replace those that came along; then one rename
 * decides. Interrupted anywhere it can be done again. A snapshot that cannot be used is removed and ours stays.
 * WK_DAMAGED when our own database is: move it aside and call again.
 */
export async function installSnapshot(options: InstallOptions): Promise<InstallResult> {
  const { runtime, databasePath, snapshotPath } = options;
  if (!(await runtime.files.status(snapshotPath))) return { result: 'nothing to install' };
  let entriesKept: number;
  try {
    entriesKept = await complete(options);
  } catch (error) {
    if (error instanceof OwnDamage) throw error.cause;
    if (!['WK_DAMAGED', 'WK_NOT_FOUND', 'WK_CONFLICT'].includes(codeOf(error))) throw error;
    for (const suffix of ['', '-wal', '-shm']) await runtime.files.remove(snapshotPath + suffix);
    return { result: 'refused', because: textOf(error) };
  }
  await demandClosed(runtime.files, snapshotPath);
  await demandClosed(runtime.files, databasePath);
  await runtime.files.rename(snapshotPath, databasePath);
  return { result: 'installed', entriesKept };
}

/** Brings the snapshot up to what we have, and leaves both databases as single files. */
async function complete(options: InstallOptions): Promise<number> {
  const { runtime, databasePath, snapshotPath } = options;
  return await using(runtime.databases, snapshotPath, async (snapshot) => {
    verifyPages(snapshot);
    const journal = openJournal(options, snapshot);
    journal.verify('quick');
    if (!(await runtime.files.status(databasePath))) {
      snapshot.transaction(() => localTables.forEach((table) => snapshot.exec(`DELETE FROM ${table}`)));
      return 0;
    }
    return await carryFromOld(options, snapshot, journal);
  });
}

async function carryFromOld(options: InstallOptions, snapshot: Database, to: Journal): Promise<number> {
  const { runtime, databasePath } = options;
  let writing = false;
  try {
    return await using(runtime.databases, databasePath, async (old) => {
      snapshot.transaction(() => {
        for (const table of localTables) carryOver(old, snapshot, table);
        for (const table of options.tablesKept) keepOurs(old, snapshot, table);
      });
      const from = openJournal(options, old);
      return await carryEntries(
        from,
        async (entries) => {
          writing = true;
          await to.receive(entries);
          writing = false;
        },
        to.positions(),
      );
    });
  } catch (error) {
    if (!writing && codeOf(error) === 'WK_DAMAGED') throw new OwnDamage(textOf(error), { cause: error });
    throw error;
  }
}

function openJournal({ runtime, coreId, openApplier }: InstallOptions, database: Database): Journal {
  const { clock, timers, random } = runtime;
  return Journal.open({
    database,
    applier: openApplier(database),
    clock,
    timers,
    random,
    coreId,
    onDamage: ({ text }) => {
      throw new WatchError('WK_DAMAGED', text);
    },
    onFailure: () => undefined, // the rejected `receive` says it already
  });
}

async function carryEntries(
  from: Journal,
  receive: (entries: readonly Entry[]) => Promise<void>,
  known: Positions,
): Promise<number> {
  let count = 0;
  for (const { origin, last } of from.heads())
    for (let seq = known[origin] ?? 0; seq < last;) {
      const entries = from.read(origin, seq, readBytesMax);
      await receive(entries);
      count += entries.length;
      seq += entries.length;
    }
  return count;
}

function carryOver(from: Database, to: Database, table: string): void {
  const rows = from.prepare(`SELECT * FROM ${table}`).all();
  to.exec(`DELETE FROM ${table}`);
  for (const row of rows) {
    const names = Object.keys(row);
    to.prepare(`INSERT INTO ${table}(${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`).run(
      ...Object.values(row),
    );
  }
}

function keepOurs(from: Database, to: Database, table: string): void {
  const ours = from.prepare("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?");
  const made = ours.get<{ sql: string }>(table);
  if (made === undefined || from.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() === undefined) return;
  to.exec(`DROP TABLE IF EXISTS ${table}; ${made.sql}`);
  carryOver(from, to, table);
}

function verifyPages(database: Database): void {
  const row = database.prepare('PRAGMA quick_check(1)').get<{ quick_check: string }>();
  if (row?.quick_check !== 'ok')
    throw new WatchError('WK_DAMAGED', `${database.path}: ${row?.quick_check ?? 'it cannot be checked'}`);
}

/** Closing the last connection brings the write-ahead log home; without one a single rename moves everything. */
async function using<T>(
  databases: Databases,
  path: string,
  run: (database: Database) => Promise<T>,
): Promise<T> {
  const database = databases.open(path, open);
  try {
    const result = await run(database);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return result;
  } finally {
    database.close();
  }
}

async function demandClosed(files: Files, path: string): Promise<void> {
  const log = await files.status(`${path}-wal`);
  if (log && log.sizeBytes > 0)
    throw new WatchError('WK_UNAVAILABLE', `${path} is open elsewhere; stop what uses it`);
}
