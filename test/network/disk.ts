import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);
const sizeText = '256M';

/** A file system of its own, in a file, whose writes can be made to hang as on a disk that does not answer any more. */
export class Disk implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async make(folder: string): Promise<Disk> {
    const image = `${folder}.image`;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    await run('truncate', ['--size', sizeText, image]);
    await run('mkfs.ext4', ['-q', '-F', image]);
    await run('mount', ['-o', 'loop', image, folder]);
    await run('rmdir', [`${folder}/lost+found`]);
    return new Disk(folder);
  }

  async hang(): Promise<void> {
    await run('fsfreeze', ['--freeze', this.#folder]);
  }

  async goOn(): Promise<void> {
    await run('fsfreeze', ['--unfreeze', this.#folder]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It hangs no longer where a case was broken off.
    await this.goOn().catch(() => undefined);
    await run('umount', ['--lazy', this.#folder]);
  }
}

/** Null where such disks can be made, else why not. */
export async function whyNoDisks(): Promise<string | null> {
  try {
    await run('mkfs.ext4', ['-V']);
    await run('fsfreeze', ['--version']);
    await run('losetup', ['--find']);
    return null;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
}
