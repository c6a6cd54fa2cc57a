import { WatchError, type ErrorCode } from '../../model/errors.ts';

const known: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOENT: ['WK_NOT_FOUND', 'there is no such file or folder'],
  ENOTDIR: ['WK_NOT_FOUND', 'a part of the path is not a folder'],
  EACCES: ['WK_DENIED', 'this user may not do that'],
  EPERM: ['WK_DENIED', 'this user may not do that'],
  ENOSPC: ['WK_DISK_FULL', 'the disk is full'],
  EDQUOT: ['WK_DISK_FULL', 'the quota of this user is used up'],
  EROFS: ['WK_DISK_FAILED', 'the file system is read-only'],
  EISDIR: ['WK_DISK_FAILED', 'is a folder'],
  ENXIO: ['WK_DISK_FAILED', 'is a pipe, a socket or a device'],
};

/** What the operating system said about a path, in our codes and in one line. */
export function diskError(error: unknown, path: string): WatchError {
  if (error instanceof WatchError) return error;
  const code = errnoOf(error);
  const [ours, text] = known[code] ?? ['WK_DISK_FAILED', `the disk reported ${code || String(error)}`];
  return new WatchError(ours, `${path}: ${text}`, { cause: error });
}

export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
