import { z } from 'zod';
import { processIdSchema } from '../model/definitions.ts';
import { codeOf, WatchError } from '../model/errors.ts';
import { parseJson } from '../model/parse-json.ts';
import type { Timers } from '../runtime/clock.ts';
import type { Commands, ProcessId } from '../runtime/commands.ts';
import type { Database, Databases } from '../runtime/database.ts';
import type { Files } from '../runtime/files.ts';
import type { Log } from '../runtime/log.ts';
import { sleep } from '../runtime/timing.ts';

/** What one run of a keeper leaves for the next: which server process it started, and whose coordinator it knew. */
const keeperFileSchema = z.object({
  keeper: processIdSchema,
  server: processIdSchema.nullable(),
  lineage: z.string().nullable(),
  /** Addresses that this run may have put on this machine, for the next one to clear. */
  addresses: z.array(z.object({ address: z.string(), device: z.string() })).default([]),
  /** One that the coordinator of that lineage had committed. */
  revision: z.int().nullable().default(null),
  /** The revision that the record of this server's session had there; 0 for none. */
  sessionRevision: z.int().min(0).default(0),
  /** Wall clock: when that was noted. */
  notedMs: z.int().nullable().default(null),
  /** Whether all other members were silent then. */
  wasAlone: z.boolean().default(false),
});
export type KeeperFile = Readonly<z.infer<typeof keeperFileSchema>>;

/** Of a coordinator of which nothing is known yet. */
export const nothingNoted = { revision: null, sessionRevision: 0, notedMs: null, wasAlone: false } as const;

const fileMode = 0o600;
const folderMode = 0o700;
const lockBusyMs = 50;
/** A server whose keeper is gone hears it at once; one that does not end by itself is stopped or stuck. */
const endsByItselfMs = 2_000;
const endsKilledMs = 5_000;
const lookEveryMs = 20;

export interface DataLock {
  release(): void;
}

/**
 * One keeper a data folder. The lock is a write lock on a small SQLite file, so it is the kernel's: it ends with the
 * process, however that ends, and never with a file that somebody forgot. Throws WK_CONFLICT when it is taken.
 */
export async function lockData(databases: Databases, files: Files, folder: string): Promise<DataLock> {
  await files.makeDirectory(folder, folderMode);
  let database: Database | undefined;
  try {
    database = databases.open(`${folder}/keeper.lock`, { synchronous: 'normal', busyMs: lockBusyMs });
    database.exec('BEGIN IMMEDIATE');
  } catch (error) {
    database?.close();
    if (codeOf(error) !== 'WK_UNAVAILABLE') throw error;
    const pid = (await readKeeperFile(files, folder))?.keeper.pid;
    const which = pid === undefined ? '' : ` (process ${pid})`;
    throw new WatchError(
      'WK_CONFLICT',
      `a keeper${which} runs on ${folder} already: stop it first, or give this server a data folder of its own`,
      { cause: error },
    );
  }
  const held = database;
  return { release: () => held.close() };
}

/** Null where no keeper has run before. */
export async function readKeeperFile(files: Files, folder: string): Promise<KeeperFile | null> {
  const path = `${folder}/keeper.json`;
  if ((await files.status(path)) === null) return null;
  const parsed = keeperFileSchema.safeParse(parseJson(await files.readText(path, 10_000)));
  if (parsed.success) return parsed.data;
  throw new WatchError(
    'WK_DAMAGED',
    `${path} cannot be read: make sure that no server process of this folder is running, then delete it`,
  );
}

export function writeKeeperFile(files: Files, folder: string, content: KeeperFile): Promise<void> {
  return files.writeAtomic(`${folder}/keeper.json`, `${JSON.stringify(content, null, 2)}\n`, fileMode);
}

/** Resolves when the process is no more: by itself, or killed when it takes too long. */
export async function awaitEnd(
  ports: { readonly commands: Commands; readonly timers: Timers; readonly log: Log },
  id: ProcessId,
): Promise<void> {
  for (let waitedMs = 0; ports.commands.isRunning(id); waitedMs += lookEveryMs) {
    if (waitedMs === endsByItselfMs) {
      ports.log.warn('the server process of an earlier run does not end; it is killed', { pid: id.pid });
      ports.commands.end(id);
    }
    if (waitedMs > endsByItselfMs + endsKilledMs)
      throw new WatchError(
        'WK_UNAVAILABLE',
        `the server process ${id.pid} of an earlier run cannot be ended: look whether its disk hangs`,
      );
    await sleep(ports.timers, lookEveryMs);
  }
}
