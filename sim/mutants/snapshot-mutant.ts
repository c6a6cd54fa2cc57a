import { DatabaseSync } from 'node:sqlite';
import type { Database } from '../../src/runtime/database.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { sleep } from '../../src/runtime/timing.ts';
import type { SimProcess } from '../world/process.ts';

const apartMs = 1_500;

/** The journal and its positions are copied a while after what was derived from them. */
export function withTornSnapshots(process: SimProcess): Runtime {
  const { runtime } = process;
  return {
    ...runtime,
    databases: {
      open: (path, options) => torn(process, runtime.databases.open(path, options)),
    },
  };
}

function torn(process: SimProcess, database: Database): Database {
  return {
    path: database.path,
    exec: (sql) => database.exec(sql),
    prepare: (sql) => database.prepare(sql),
    transaction: (run) => database.transaction(run),
    close: () => database.close(),
    backup: async (path, onProgress) => {
      await database.backup(path, onProgress);
      await sleep(process.runtime.timers, apartMs);
      const { disk } = process.machine;
      copyJournal(disk.realPath(database.path), disk.realPath(path));
    },
  };
}

function copyJournal(from: string, to: string): void {
  const copy = new DatabaseSync(to);
  try {
    copy.exec(`ATTACH '${from.replaceAll("'", "''")}' AS live`);
    for (const table of ['journal', 'origins'])
      copy.exec(`DELETE FROM main.${table}; INSERT INTO main.${table} SELECT * FROM live.${table}`);
  } finally {
    copy.close();
  }
}
