import * as fs from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { WatchError } from '../../src/model/errors.ts';
import type { FileStatus } from '../../src/runtime/files.ts';
import type { SeededRandom } from './random.ts';

/**
 * One machine's disk: real files under a folder of the test, so that the real SQLite works on them. What must not
 * depend on the real machine (inode numbers, times, free space) is kept beside them. Every call is synchronous.
 */
export class Disk {
  readonly root: string;
  freeBytes = 1e11;
  readonly #nowMs: () => number;
  readonly #inodes = new Map<string, number>();
  readonly #modified = new Map<string, number>();
  /** For files with bytes that were not fsynced: how many were. */
  readonly #durable = new Map<string, number>();
  #inodeLast = 0;

  constructor(root: string, nowMs: () => number) {
    this.root = root;
    this.#nowMs = nowMs;
    fs.mkdirSync(root, { recursive: true });
  }

  realPath(path: string): string {
    return join(this.root, normalize(`/${path}`));
  }

  #named<T>(path: string, act: (realPath: string) => T): T {
    try {
      return act(this.realPath(path));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      if (code === 'ENOENT') throw new WatchError('WK_NOT_FOUND', `${path}: no such file`, { cause: error });
      throw new WatchError('WK_DISK_FAILED', `${path}: ${String(error)}`, { cause: error });
    }
  }

  #inode(realPath: string): number {
    const known = this.#inodes.get(realPath);
    if (known !== undefined) return known;
    this.#inodes.set(realPath, (this.#inodeLast += 1));
    return this.#inodeLast;
  }

  #touched(realPath: string): void {
    this.#inode(realPath);
    this.#modified.set(realPath, this.#nowMs());
  }

  #reserve(path: string, bytes: number): void {
    if (bytes > this.freeBytes) throw new WatchError('WK_DISK_FULL', `${path}: no space left on the device`);
    this.freeBytes -= bytes;
  }

  status(path: string): FileStatus | null {
    const real = this.realPath(path);
    const found = fs.statSync(real, { throwIfNoEntry: false });
    if (!found) return null;
    return {
      kind: found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other',
      device: 1,
      inode: this.#inode(real),
      sizeBytes: found.size,
      modifiedMs: this.#modified.get(real) ?? 0,
      mode: found.mode & 0o777,
      userId: 0,
    };
  }

  /** A descriptor follows the file when its name moves. */
  openForReading(path: string): { fd: number; status: () => FileStatus } {
    return this.#named(path, (real) => {
      const fd = fs.openSync(real, 'r');
      const atOpen = this.status(path);
      if (atOpen === null) throw new WatchError('WK_NOT_FOUND', `${path}: no such file`);
      return { fd, status: () => ({ ...atOpen, sizeBytes: fs.fstatSync(fd).size }) };
    });
  }

  read(path: string): Buffer {
    return this.#named(path, (real) => fs.readFileSync(real));
  }

  writeAtomic(path: string, content: string | Uint8Array, mode: number): void {
    this.#reserve(path, content.length);
    this.#named(path, (real) => {
      fs.writeFileSync(`${real}.tmp`, content, { mode });
      fs.renameSync(`${real}.tmp`, real);
      this.#inodes.delete(real);
      this.#durable.delete(real);
      this.#touched(real);
    });
  }

  append(path: string, content: Uint8Array, options: { mode: number; sync: boolean }): void {
    this.#reserve(path, content.length);
    this.#named(path, (real) => {
      const before = fs.statSync(real, { throwIfNoEntry: false })?.size ?? 0;
      fs.appendFileSync(real, content, { mode: options.mode });
      if (options.sync) this.#durable.delete(real);
      else if (!this.#durable.has(real)) this.#durable.set(real, before);
      this.#touched(real);
    });
  }

  /** Sources truncate their own files; the ports do not. */
  truncate(path: string): void {
    this.#named(path, (real) => {
      fs.truncateSync(real, 0);
      this.#touched(real);
    });
  }

  makeDirectory(path: string, mode: number): void {
    this.#named(path, (real) => fs.mkdirSync(real, { recursive: true, mode }));
  }

  list(path: string): string[] {
    return this.#named(path, (real) => fs.readdirSync(real).toSorted());
  }

  rename(from: string, to: string): void {
    this.#named(from, (real) => {
      const target = this.realPath(to);
      fs.renameSync(real, target);
      for (const table of [this.#inodes, this.#modified, this.#durable]) {
        const value = table.get(real);
        table.delete(real);
        if (value === undefined) table.delete(target);
        else table.set(target, value);
      }
    });
  }

  remove(path: string): void {
    const real = this.realPath(path);
    fs.rmSync(real, { recursive: true, force: true });
    this.#inodes.delete(real);
    this.#durable.delete(real);
  }

  ensureFolderOf(path: string): void {
    fs.mkdirSync(dirname(this.realPath(path)), { recursive: true });
  }

  /** Power is cut: of what was not fsynced, a random part survives. */
  losePower(random: SeededRandom): void {
    for (const [real, durableBytes] of this.#durable) {
      const size = fs.statSync(real, { throwIfNoEntry: false })?.size;
      if (size === undefined) continue;
      fs.truncateSync(real, durableBytes + random.int(size - durableBytes + 1));
    }
    this.#durable.clear();
  }

  /** Notes all that the disk holds, for `putBack`. Not to be called in the middle of a transaction. */
  keep(): void {
    const kept = `${this.root}.kept`;
    fs.rmSync(kept, { recursive: true, force: true });
    fs.cpSync(this.root, kept, { recursive: true, filter: (path) => !path.endsWith('-shm') });
  }

  /** The disk holds again what it held when it was kept; nobody has anything on it open. */
  putBack(): void {
    fs.rmSync(this.root, { recursive: true, force: true });
    fs.renameSync(`${this.root}.kept`, this.root);
    this.#durable.clear();
  }

  destroy(): void {
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}
