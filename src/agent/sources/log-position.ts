import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../../model/parse-json.ts';
import type { FileStatus, OpenFile } from '../../runtime/files.ts';

/** The first bytes of a file tell it from another one that got its inode, or that was written anew in its place. */
export const headBytesMax = 256;

const positionSchema = z.strictObject({
  device: z.number(),
  inode: z.number(),
  /** Where the next line begins, or the next bytes of one that was cut. */
  offset: z.int().min(0),
  skipping: z.boolean(),
  headBytes: z.int().min(0).max(headBytesMax),
  headHash: z.string(),
});

/** `position` null: no file was there when the policy began, so that the first one is read from its beginning. */
const logStateSchema = z.strictObject({
  position: positionSchema.nullable(),
  suppressed: z.int().min(0),
  cutLines: z.int().min(0),
  truncations: z.int().min(0),
});

/** Where a log file was read to. It names the file by its inode, since names move at a rotation. */
export type LogPosition = Readonly<z.infer<typeof positionSchema>>;
export type LogState = Readonly<z.infer<typeof logStateSchema>>;

/** Null where nothing is stored or it cannot be read: then the policy begins as if it were new. */
export function parseLogState(stored: string | null): LogState | null {
  if (stored === null) return null;
  const result = logStateSchema.safeParse(parseJson(stored));
  return result.success ? result.data : null;
}

export async function positionAt(
  file: OpenFile,
  status: FileStatus,
  offset: number,
  skipping: boolean,
): Promise<LogPosition> {
  const headBytes = Math.min(headBytesMax, offset);
  return {
    device: status.device,
    inode: status.inode,
    offset,
    skipping,
    headBytes,
    headHash: await headHash(file, headBytes),
  };
}

/** False when the file was cut off or written anew since that position. */
export async function stillHolds(
  file: OpenFile,
  status: FileStatus,
  position: LogPosition,
): Promise<boolean> {
  if (status.sizeBytes < position.offset) return false;
  return (await headHash(file, position.headBytes)) === position.headHash;
}

async function headHash(file: OpenFile, headBytes: number): Promise<string> {
  if (headBytes === 0) return '';
  return createHash('sha256')
    .update(await file.read(0, headBytes))
    .digest('hex');
}

export function sameFile(
  a: { readonly device: number; readonly inode: number },
  b: { readonly device: number; readonly inode: number },
): boolean {
  return a.device === b.device && a.inode === b.inode;
}
