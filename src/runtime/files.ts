export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'other';
  readonly device: number;
  readonly inode: number;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Permission bits, for example 0o600. */
  readonly mode: number;
  readonly userId: number;
}

/** An open file for reading: it follows the inode, not the name. */
export interface OpenFile {
  status(): Promise<FileStatus>;
  /** Up to `bytesMax` bytes from `position`; empty at the end of the file. */
  read(position: number, bytesMax: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Errors are WatchErrors: WK_NOT_FOUND, WK_DENIED, WK_DISK_FULL, WK_DISK_FAILED, each naming the path. */
export interface Files {
  status(path: string): Promise<FileStatus | null>;
  open(path: string): Promise<OpenFile>;
  readText(path: string, bytesMax?: number): Promise<string>;
  readBytes(path: string): Promise<Uint8Array>;
  /** Temporary file, fsync, rename, fsync of the folder: afterwards the old or the new content, never a mixture. */
  writeAtomic(path: string, content: string | Uint8Array, mode: number): Promise<void>;
  /** Adds to the end, creating with `mode`; fsynced only when asked. */
  append(path: string, content: Uint8Array, options: { mode: number; sync: boolean }): Promise<void>;
  makeDirectory(path: string, mode: number): Promise<void>;
  list(path: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  /** Also folders with all they hold; no error when it is not there. */
  remove(path: string): Promise<void>;
  freeBytes(path: string): Promise<number>;
}
