import { constants, type Stats } from 'node:fs';
import {
  appendFile,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  statfs,
  type FileHandle,
} from 'node:fs/promises';
import { dirname } from 'node:path';
import { WatchError } from '../../model/errors.ts';
import type { Files, FileStatus, OpenFile } from '../files.ts';
import { diskError, errnoOf } from './disk-error.ts';

export const nodeFiles: Files = {
  async status(path) {
    try {
      return statusOf(await stat(path));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null;
      throw diskError(error, path);
    }
  },
  open: (path) => at(path, async () => openFile(path, await openToRead(path))),
  readText: async (path, bytesMax) => new TextDecoder().decode(await readWhole(path, bytesMax)),
  readBytes: (path) => readWhole(path),
  writeAtomic: (path, content, mode) => at(path, () => writeAtomic(path, content, mode)),
  append: (path, content, options) =>
    at(path, () => appendFile(path, content, { mode: options.mode, flush: options.sync })),
  makeDirectory: (path, mode) => at(path, async () => void (await mkdir(path, { recursive: true, mode }))),
  list: (path) => at(path, async () => (await readdir(path)).sort()),
  rename: (from, to) => at(from, () => rename(from, to)),
  remove: (path) => at(path, () => rm(path, { recursive: true, force: true })),
  freeBytes: (path) =>
    at(path, async () => {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    }),
};

async function at<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw diskError(error, path);
  }
}

function statusOf(stats: Stats): FileStatus {
  return {
    kind: stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other',
    device: stats.dev,
    inode: stats.ino,
    sizeBytes: stats.size,
    modifiedMs: stats.mtimeMs,
    mode: stats.mode & 0o7777,
    userId: stats.uid,
  };
}

/** Non-blocking: a pipe that nobody writes to would otherwise hold one of the few disk threads for ever. */
function openToRead(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

function openFile(path: string, handle: FileHandle): OpenFile {
  return {
    status: () => at(path, async () => statusOf(await handle.stat())),
    read: (position, bytesMax) =>
      at(path, async () => {
        const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(bytesMax), 0, bytesMax, position);
        return buffer.subarray(0, bytesRead);
      }),
    close: () => at(path, () => handle.close()),
  };
}

async function readWhole(path: string, bytesMax = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
  return at(path, async () => {
    await using handle = await openToRead(path);
    const { size } = await handle.stat();
    if (size > bytesMax)
      throw new WatchError('WK_TOO_LARGE', `${path}: has ${size} bytes, at most ${bytesMax} are read`);
    return await handle.readFile();
  });
}

let temporaries = 0;

async function writeAtomic(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  temporaries += 1;
  const temporary = `${path}.${process.pid}-${temporaries}.tmp`;
  try {
    await writeSynced(temporary, content, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

async function writeSynced(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  // What an earlier process of this number left behind must not lend its mode or owner to the new file.
  await rm(path, { force: true });
  await using handle = await open(path, 'wx', mode);
  await handle.writeFile(content);
  // The umask may have taken bits away.
  await handle.chmod(mode);
  await handle.sync();
}

async function syncFolder(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}
