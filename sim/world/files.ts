import { closeSync, readSync } from 'node:fs';
import type { Files, OpenFile } from '../../src/runtime/files.ts';
import type { Disk } from './disk.ts';
import type { SimProcess } from './process.ts';

/** The machine's disk, each call a drawn moment later. A process that dies before that moment did nothing. */
export function processFiles(process: SimProcess, disk: Disk): Files {
  const random = process.random.fork('files');
  const later = <T>(act: () => T, meanMs = 0.2): Promise<T> =>
    process.later('disk', random.around(meanMs), act);
  return {
    status: (path) => later(() => disk.status(path)),
    open: (path) => later(() => openFile(process, disk, path, later)),
    readText: (path, bytesMax) => later(() => disk.read(path).subarray(0, bytesMax).toString('utf8')),
    readBytes: (path) => later(() => disk.read(path)),
    writeAtomic: (path, content, mode) => later(() => disk.writeAtomic(path, content, mode), 2),
    append: (path, content, options) =>
      later(() => disk.append(path, content, options), options.sync ? 2 : 0.2),
    makeDirectory: (path, mode) => later(() => disk.makeDirectory(path, mode)),
    list: (path) => later(() => disk.list(path)),
    rename: (from, to) => later(() => disk.rename(from, to)),
    remove: (path) => later(() => disk.remove(path)),
    freeBytes: () => later(() => disk.freeBytes),
  };
}

function openFile(
  process: SimProcess,
  disk: Disk,
  path: string,
  later: <T>(act: () => T) => Promise<T>,
): OpenFile {
  const { fd, status } = disk.openForReading(path);
  let open = true;
  const close = (): void => {
    if (open) closeSync(fd);
    open = false;
  };
  process.onDeath(close);
  return {
    status: () => later(status),
    read: (position, bytesMax) =>
      later(() => {
        const bytes = Buffer.alloc(bytesMax);
        return bytes.subarray(0, readSync(fd, bytes, 0, bytesMax, position));
      }),
    close: () => later(close),
  };
}
