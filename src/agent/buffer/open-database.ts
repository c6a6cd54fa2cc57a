import { codeOf, textOf, WatchError } from '../../model/errors.ts';
import type { Database, Databases } from '../../runtime/database.ts';
import type { Files } from '../../runtime/files.ts';
import { isoTime } from './gap.ts';

const schemaVersion = 2;

/**
 * messages: one row a message; `copies` is 0 or, once stored by one server only, 1. by_severity serves eviction and
 * counting without touching the bodies, once finds what waits for its second copy.
 * state: what sources must remember, written with the messages that they made.
 * target: which pool gets the message: empty for the agent's own, else the ID of another. by_target is of the others only,
 * so that it costs those nothing that are read in the order of their numbers anyhow.
 */
const schema = `
  CREATE TABLE messages(
    seq INTEGER PRIMARY KEY AUTOINCREMENT, severity INTEGER NOT NULL, copies INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL, createdMs INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX by_severity ON messages(severity, copies, seq, bytes);
  CREATE INDEX once ON messages(seq) WHERE copies = 1;
  CREATE TABLE counters(
    severity INTEGER PRIMARY KEY, produced INTEGER NOT NULL, delivered INTEGER NOT NULL, dropped INTEGER NOT NULL) STRICT;
  CREATE TABLE gaps(
    reason TEXT NOT NULL, severity INTEGER NOT NULL, count INTEGER NOT NULL, firstMs INTEGER NOT NULL,
    lastMs INTEGER NOT NULL, PRIMARY KEY(reason, severity)) STRICT, WITHOUT ROWID;
  CREATE TABLE state(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;`;

/** What version 2 brought; what was there before is for the agent's own pool. */
const targets = `
  ALTER TABLE messages ADD COLUMN target TEXT NOT NULL DEFAULT '';
  CREATE INDEX by_target ON messages(target, seq, copies, bytes) WHERE target <> '';
  PRAGMA user_version = ${schemaVersion};`;

export interface Ports {
  readonly databases: Databases;
  readonly files: Files;
}

/** The database, and what happened to the one before it where that was damaged. */
export interface Opened {
  readonly database: Database;
  readonly damaged: { readonly movedTo: string; readonly why: string } | null;
}

/** Opens, checks and, where it is damaged, replaces the buffer's database: an agent always starts. */
export async function openBufferDatabase(ports: Ports, path: string, wallMs: number): Promise<Opened> {
  const why = await damageOf(ports, path);
  if (why === null) return { database: openHere(ports.databases, path), damaged: null };
  return replaceDatabase(ports, path, wallMs, why);
}

/** Moves the database aside, whatever is in it, and opens a new one. The caller has closed it. */
export async function replaceDatabase(
  ports: Ports,
  path: string,
  wallMs: number,
  why: string,
): Promise<Opened> {
  const movedTo = await moveAside(ports.files, path, wallMs);
  return { database: openHere(ports.databases, path), damaged: { movedTo, why } };
}

/** Why the file cannot be used; null when it can or is not there yet. */
async function damageOf(ports: Ports, path: string): Promise<string | null> {
  const status = await ports.files.status(path);
  if (!status) return null;
  // SQLite takes an empty file for a new database; here it is one that lost its content.
  const logStatus = await ports.files.status(`${path}-wal`);
  if (status.sizeBytes === 0 && !logStatus?.sizeBytes) return 'the file is empty';
  try {
    check(ports.databases, path);
    return null;
  } catch (error) {
    if (codeOf(error) === 'WK_DAMAGED') return textOf(error).slice(0, 500);
    throw error;
  }
}

function check(databases: Databases, path: string): void {
  const database = openHere(databases, path);
  try {
    const found = database.prepare('PRAGMA quick_check(1)').get<{ quick_check: string }>();
    if (found?.quick_check !== 'ok')
      throw new WatchError('WK_DAMAGED', `${path}: ${found?.quick_check ?? 'no answer'}`);
  } finally {
    database.close();
  }
}

function openHere(databases: Databases, path: string): Database {
  const database = databases.open(path, { synchronous: 'full', busyMs: 2_000, cacheBytes: 2_097_152 });
  try {
    prepare(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepare(database: Database): void {
  const version = database.prepare('PRAGMA user_version').get<{ user_version: number }>()?.user_version;
  if (version === schemaVersion) return;
  if (version !== 0 && version !== 1)
    throw new WatchError(
      'WK_CONFLICT',
      `${database.path}: was written by a newer version of the agent; install that one`,
    );
  database.transaction(() => database.exec(version === 0 ? schema + targets : targets));
}

const damagedKept = 3;

/** Kept for whoever wants to look, a few of them; the write-ahead log belongs to the file. */
async function moveAside(files: Files, path: string, wallMs: number): Promise<string> {
  const movedTo = `${path}.damaged-${isoTime(wallMs).replaceAll(/[:.]/g, '-')}`;
  for (const part of ['', '-wal', '-shm'])
    if (await files.status(path + part)) await files.rename(path + part, movedTo + part);
  await forgetOldest(files, path);
  return movedTo;
}

async function forgetOldest(files: Files, path: string): Promise<void> {
  const slash = path.lastIndexOf('/');
  const folder = path.slice(0, slash);
  const prefix = `${path.slice(slash + 1)}.damaged-`;
  const all = (await files.list(folder)).filter(
    (name) => name.startsWith(prefix) && !/-(wal|shm)$/.test(name),
  );
  for (const name of all.sort().slice(0, -damagedKept))
    for (const part of ['', '-wal', '-shm']) await files.remove(`${folder}/${name}${part}`);
}
