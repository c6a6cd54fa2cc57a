import type { Damage } from '../journal/damage.ts';
import { Journal } from '../journal/journal.ts';
import { installSnapshot } from '../journal/snapshot.ts';
import { mirrorTable } from '../definitions/mirror.ts';
import { MessageStore } from '../messages/message-store.ts';
import { codeOf, textOf, WatchError } from '../model/errors.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Database } from '../runtime/database.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { serverPaths } from './server-paths.ts';

const cacheBytes = 24 * 1_048_576;
const busyMs = 2_000;
const damageCharsMax = 4_096;

export interface Store {
  readonly database: Database;
  readonly journal: Journal;
  readonly messages: MessageStore;
  /** What was wrong with the database found at start, which was moved aside; null when nothing was. */
  readonly damaged: string | null;
}

export interface StoreOptions {
  readonly runtime: Runtime;
  readonly coreId: Uuid;
  /** The folder of this server's data. */
  readonly data: string;
  readonly onDamage: (damage: Damage) => void;
  /** SQLite found the database damaged while it is in use. */
  readonly onDamagedFile: (error: WatchError) => void;
  /** The disk failed under a commit; the process must end. */
  readonly onFailure: (error: WatchError) => void;
}

/**
 * Opens this server's database. A damaged one is moved aside, never repaired: the server starts empty and fetches
 * everything from the others; what only it had is in the file that was moved.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { runtime, data } = options;
  await runtime.files.makeDirectory(data, 0o700);
  try {
    await assertNoDamageFound(options);
    await install(options);
    return tryOpen(options, null);
  } catch (error) {
    if (codeOf(error) !== 'WK_DAMAGED') throw error;
    const asideTo = `${serverPaths(data).database}.damaged-${runtime.clock.wallMs()}`;
    runtime.log.error('the database is damaged; it is moved aside and fetched anew', {
      error: textOf(error),
      asideTo,
    });
    for (const suffix of ['', '-wal', '-shm']) {
      const path = serverPaths(data).database + suffix;
      if (await runtime.files.status(path)) await runtime.files.rename(path, asideTo + suffix);
    }
    await runtime.files.remove(serverPaths(data).damageFound);
    await install(options);
    return tryOpen(options, `${textOf(error)}; moved to ${asideTo}`);
  }
}

/**
 * For the next start, which moves the database aside: what SQLite met only at some page may be met by none of the
 * quick checks of a start.
 */
export async function rememberDamage({ files, log }: Runtime, data: string, text: string): Promise<void> {
  try {
    await files.writeAtomic(serverPaths(data).damageFound, text.slice(0, damageCharsMax), 0o600);
  } catch (error) {
    log.error('that the database is damaged could not be noted for the next start', { error: textOf(error) });
  }
}

async function assertNoDamageFound({ runtime: { files }, data }: StoreOptions): Promise<void> {
  const path = serverPaths(data).damageFound;
  if (await files.status(path))
    throw new WatchError('WK_DAMAGED', await files.readText(path, 4 * damageCharsMax));
}

/** A snapshot that the last run received takes the place of the database before anything is opened. */
async function install({ runtime, coreId, data }: StoreOptions): Promise<void> {
  const { database, snapshotReady } = serverPaths(data);
  const installed = await installSnapshot({
    runtime,
    coreId,
    databasePath: database,
    snapshotPath: snapshotReady,
    openApplier: (opened) => MessageStore.open(opened),
    tablesKept: [mirrorTable],
  });
  if (installed.result === 'installed') {
    runtime.log.info('a snapshot was installed', { entriesKept: installed.entriesKept });
  } else if (installed.result === 'refused') {
    runtime.log.error('a snapshot could not be used and was removed', { because: installed.because });
  }
}

function tryOpen(
  { runtime, coreId, data, onDamage, onDamagedFile, onFailure }: StoreOptions,
  damaged: string | null,
): Store {
  const { clock, timers, random } = runtime;
  const database = runtime.databases.open(serverPaths(data).database, {
    synchronous: 'full',
    busyMs,
    cacheBytes,
    onDamaged: onDamagedFile,
  });
  try {
    const messages = MessageStore.open(database);
    const journal = Journal.open({
      database,
      applier: messages,
      clock,
      timers,
      random,
      coreId,
      onDamage,
      onFailure,
    });
    journal.verify('quick');
    return { database, journal, messages, damaged };
  } catch (error) {
    database.close();
    throw error;
  }
}
