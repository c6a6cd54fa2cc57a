import * as fs from 'node:fs';
import { WatchError } from '../../src/model/errors.ts';
import type {
  Database,
  Databases,
  OpenOptions,
  SqlRow,
  SqlValue,
  Statement,
} from '../../src/runtime/database.ts';
import { nodeDatabases } from '../../src/runtime/node/database.ts';
import type { Disk } from './disk.ts';
import type { SimProcess } from './process.ts';
import type { SeededRandom } from './random.ts';
import type { Trace } from './trace.ts';

/** How the machine's disk treats commits; scenarios change it while they run. */
export interface CommitBehaviour {
  meanMs: number;
  /** A commit fails, for good: where a real process must end. */
  failing: boolean;
  full: boolean;
}

/**
 * The SQLite files of one machine. A killed process leaves its files as a kill -9 leaves them: database and
 * write-ahead log as they stand, unclosed, for the real SQLite to recover at the next open.
 */
export class DatabaseShelf {
  readonly commits: CommitBehaviour = { meanMs: 1, failing: false, full: false };
  readonly #disk: Disk;
  readonly #open = new Map<string, Set<Database>>();
  readonly #torn = new Set<string>();
  readonly #trace: Trace;

  constructor(disk: Disk, trace: Trace) {
    this.#disk = disk;
    this.#trace = trace;
  }

  portFor(process: SimProcess): Databases {
    const random = process.random.fork('databases');
    return {
      open: (path, options) => {
        process.assertAlive();
        return new SimDatabase(process, this, random, this.#openReal(path, options), path);
      },
    };
  }

  #openReal(path: string, options: OpenOptions): Database {
    const realPath = this.#disk.realPath(path);
    this.#disk.ensureFolderOf(path);
    const database = nodeDatabases.open(realPath, options);
    if (this.#torn.delete(realPath)) this.#trace.count('a torn end of a log was skipped');
    // What the crash model loses is decided here, so a real fsync would only cost time.
    if (!options.readOnly) database.exec('PRAGMA synchronous = OFF');
    const others = this.#open.get(realPath) ?? new Set();
    this.#open.set(realPath, others.add(database));
    return database;
  }

  closed(real: Database): void {
    this.#open.get(real.path)?.delete(real);
  }

  /** Without the checkpoint and the tidying that closing the last connection of a file does. */
  abandon(real: Database): void {
    const others = this.#open.get(real.path);
    if (!others?.delete(real)) return;
    if (others.size > 0) return real.close();
    const files = ['', '-wal'].map((suffix) => `${real.path}${suffix}`).filter((file) => fs.existsSync(file));
    for (const file of files) fs.copyFileSync(file, `${file}.kept`);
    real.close();
    for (const suffix of ['', '-wal', '-shm']) fs.rmSync(`${real.path}${suffix}`, { force: true });
    for (const file of files) fs.renameSync(`${file}.kept`, file);
  }

  backupTarget(path: string): string {
    this.#disk.ensureFolderOf(path);
    return this.#disk.realPath(path);
  }

  /** The files are those of an earlier moment: whole. */
  putBack(): void {
    this.#torn.clear();
  }

  /**
   * Power is cut after every process died: behind the last commit the log may end in part of a transaction that
   * was being written, here half a frame of noise or the beginning of one.
   */
  tearLogs(random: SeededRandom): void {
    for (const path of this.#open.keys()) {
      const log = `${path}-wal`;
      if (!fs.existsSync(log) || fs.statSync(log).size === 0) continue;
      fs.appendFileSync(log, random.bytes(random.int(6_000)));
      this.#torn.add(path);
    }
  }
}

class SimDatabase implements Database {
  readonly path: string;
  readonly #process: SimProcess;
  readonly #shelf: DatabaseShelf;
  readonly #random: SeededRandom;
  readonly #real: Database;
  #inTransaction = false;
  #closed = false;

  constructor(process: SimProcess, shelf: DatabaseShelf, random: SeededRandom, real: Database, path: string) {
    this.#process = process;
    this.#shelf = shelf;
    this.#random = random;
    this.#real = real;
    this.path = path;
    process.onDeath(() => {
      this.#closed = true;
      shelf.abandon(real);
    });
  }

  exec(sql: string): void {
    this.#process.assertAlive();
    this.#real.exec(sql);
  }

  prepare(sql: string): Statement {
    this.#process.assertAlive();
    const real = this.#real.prepare(sql);
    const alive = (): void => this.#process.assertAlive();
    return {
      run: (...values: SqlValue[]) => {
        alive();
        if (this.#inTransaction) return real.run(...values);
        return this.#commit(() => real.run(...values));
      },
      get: <Row = SqlRow>(...values: SqlValue[]) => (alive(), real.get<Row>(...values)),
      all: <Row = SqlRow>(...values: SqlValue[]) => (alive(), real.all<Row>(...values)),
      iterate: <Row = SqlRow>(...values: SqlValue[]) => (alive(), real.iterate<Row>(...values)),
    };
  }

  transaction<T>(run: () => T): T {
    this.#process.assertAlive();
    return this.#commit(() =>
      this.#real.transaction(() => {
        this.#inTransaction = true;
        try {
          const result = run();
          this.#process.pass('before commit');
          return result;
        } finally {
          this.#inTransaction = false;
        }
      }),
    );
  }

  /** A commit takes its time, during which the process, being synchronous, does nothing else. */
  #commit<T>(act: () => T): T {
    const { commits } = this.#shelf;
    if (commits.full) throw new WatchError('WK_DISK_FULL', `${this.path}: no space left on the device`);
    if (commits.failing) this.#failFsync(act);
    const result = act();
    this.#process.stall(this.#random.around(commits.meanMs));
    this.#process.pass('after commit');
    return result;
  }

  /** What was written may be on the disk all the same. */
  #failFsync(act: () => unknown): never {
    if (this.#random.chance(0.5)) act();
    throw new WatchError('WK_DISK_FAILED', `${this.path}: fsync failed`);
  }

  /** A copy of this instant; the real one copies while writers go on. */
  backup(path: string, onProgress?: (remaining: number, total: number) => void): Promise<void> {
    return this.#process.later('backup', this.#random.around(50), () => {
      const target = this.#shelf.backupTarget(path);
      fs.rmSync(target, { force: true });
      this.#real.exec(`VACUUM INTO '${target.replaceAll("'", "''")}'`);
      onProgress?.(0, 1);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#shelf.closed(this.#real);
    this.#real.close();
  }
}
