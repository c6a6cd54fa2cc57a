import { createHash } from 'node:crypto';
import type { LinkConnection } from '../../link/connection.ts';
import { WatchError } from '../../model/errors.ts';
import type { Files, OpenFile } from '../../runtime/files.ts';

const partBytes = 256 * 1_024;

/**
 * Sends a copy of this server's database, part by part, as fast as the peer takes it. `make` writes the copy to the
 * path it is given; the file is removed afterwards. WK_UNREACHABLE when the connection ends before the last part.
 */
export async function sendSnapshot(
  connection: LinkConnection,
  files: Files,
  path: string,
  make: (path: string) => Promise<void>,
): Promise<{ bytes: number }> {
  await files.remove(path);
  try {
    await make(path);
    const file = await files.open(path);
    try {
      return { bytes: await sendFile(connection, file) };
    } finally {
      await file.close();
    }
  } finally {
    await files.remove(path);
  }
}

async function sendFile(connection: LinkConnection, file: OpenFile): Promise<number> {
  const totalBytes = (await file.status()).sizeBytes;
  const hash = createHash('sha256');
  let offset = 0;
  while (offset < totalBytes) {
    const bytes = await file.read(offset, partBytes);
    if (bytes.length === 0)
      throw new WatchError('WK_DISK_FAILED', 'the snapshot became shorter while it was read');
    hash.update(bytes);
    const last = offset + bytes.length >= totalBytes;
    const sha256 = last ? { sha256: hash.copy().digest('hex') } : {};
    while (
      connection.send({ type: 'snapshotPart', offset, totalBytes, last, ...sha256 }, bytes) !== 'taken'
    ) {
      if (!(await connection.room())) {
        throw new WatchError('WK_UNREACHABLE', 'the connection ended before the snapshot was sent');
      }
    }
    offset += bytes.length;
  }
  return totalBytes;
}
