import { createHash } from 'node:crypto';
import type { DepotBytes } from '../model/depot.ts';
import { textOf, WatchError } from '../model/errors.ts';
import type { Files } from '../runtime/files.ts';
import type { Log } from '../runtime/log.ts';
import type { DepotAssembly } from './depot-assembly.ts';

/** A frame of the link holds one; what is urgent waits behind no more. */
export const partBytes = 65_536;

const fileName = /^[0-9a-f]{64}$/;

interface Ports {
  readonly files: Files;
  readonly log: Log;
  readonly path: string;
  /** 0o400 where they are only kept, 0o500 where they are run. */
  readonly mode: number;
}

/**
 * Files by their digests, in a folder of their own. What stands under a digest has it: a file is checked before it is written,
 * written atomically, and checked again whenever it is read.
 */
export class DepotFolder {
  readonly #ports: Ports;
  readonly #sizes = new Map<string, number>();

  private constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** With what is there. What is no file of the depot (a part of one that was being written) is removed. */
  static async open(ports: Ports): Promise<DepotFolder> {
    const { files, path } = ports;
    const folder = new DepotFolder(ports);
    await files.makeDirectory(path, 0o700);
    for (const name of await files.list(path)) {
      const status = await files.status(`${path}/${name}`);
      if (status?.kind === 'file' && fileName.test(name)) folder.#sizes.set(name, status.sizeBytes);
      else if (name.endsWith('.tmp')) await files.remove(`${path}/${name}`);
    }
    return folder;
  }

  has(sha256: string): boolean {
    return this.#sizes.has(sha256);
  }

  list(): DepotBytes[] {
    return [...this.#sizes].map(([sha256, sizeBytes]) => ({ sha256, sizeBytes }));
  }

  get bytes(): number {
    return [...this.#sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  pathOf(sha256: string): string {
    return `${this.#ports.path}/${sha256}`;
  }

  /** Errors: what is wrong with it (`DepotAssembly.whole`), WK_DISK_FULL, WK_DISK_FAILED, WK_DENIED. */
  async add(assembly: DepotAssembly): Promise<void> {
    const { files, path, mode } = this.#ports;
    const { sha256, sizeBytes } = assembly.file;
    const bytes = assembly.whole();
    // Somebody may have removed it while we ran.
    await files.makeDirectory(path, 0o700);
    await files.writeAtomic(this.pathOf(sha256), bytes, mode);
    this.#sizes.set(sha256, sizeBytes);
  }

  async remove(sha256: string): Promise<void> {
    this.#sizes.delete(sha256);
    await this.#ports.files.remove(this.pathOf(sha256));
  }

  /**
   * Its bytes, in parts. The reader gets the last part only when the whole has the digest: a file that was damaged is removed, said, and WK_DAMAGED; one
   * that is gone is WK_NOT_FOUND.
   */
  async *read(sha256: string): AsyncGenerator<Uint8Array> {
    const sizeBytes = this.#sizes.get(sha256);
    if (sizeBytes === undefined)
      throw new WatchError('WK_NOT_FOUND', `no file with the SHA-256 ${sha256} is here`);
    const hash = createHash('sha256');
    const file = await this.#open(sha256);
    try {
      for (let at = 0; at < sizeBytes;) {
        const part = await file.read(at, Math.min(partBytes, sizeBytes - at));
        hash.update(part);
        at += part.length;
        const isWrong = part.length === 0 || (at === sizeBytes && hash.digest('hex') !== sha256);
        if (isWrong) throw await this.#damaged(sha256);
        yield part;
      }
    } finally {
      await file.close();
    }
  }

  /** Reads all of them, so that what was damaged meanwhile is gone. */
  async check(): Promise<void> {
    for (const { sha256 } of this.list())
      try {
        for await (const _part of this.read(sha256));
      } catch (error) {
        this.#ports.log.debug('a file of the depot was not as it should be', {
          sha256,
          error: textOf(error),
        });
      }
  }

  async #open(sha256: string) {
    try {
      return await this.#ports.files.open(this.pathOf(sha256));
    } catch (error) {
      this.#sizes.delete(sha256);
      throw error;
    }
  }

  async #damaged(sha256: string): Promise<WatchError> {
    const path = this.pathOf(sha256);
    this.#ports.log.error(
      'a file of the depot is damaged; it is removed, and fetched again where it is needed',
      {
        path,
      },
    );
    await this.remove(sha256);
    return new WatchError('WK_DAMAGED', `${path}: has not the SHA-256 that it should have`);
  }
}
