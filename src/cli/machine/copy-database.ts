import { WatchError } from '../../model/errors.ts';
import type { Runtime } from '../../runtime/runtime.ts';

/**
 * A consistent copy while others go on writing, and only its owner may read it. Through SQLite, so that a damaged one
 * is found now and not when it is needed.
 */
export async function copyDatabase(
  { databases, files }: Pick<Runtime, 'databases' | 'files'>,
  from: string,
  to: string,
): Promise<void> {
  if ((await files.status(from)) === null)
    throw new WatchError('WK_NOT_FOUND', `${from}: there is no such database`);
  const database = databases.open(from, { synchronous: 'normal', busyMs: 5_000, readOnly: true });
  try {
    await database.backup(to);
  } finally {
    database.close();
  }
}
