import { hash } from 'node:crypto';
import {
  depotLimits,
  depotUploadSchema,
  depotViewSchema,
  type DepotBytes,
  type DepotFileView,
  type DepotUpload,
  type DepotView,
} from '../../model/depot.ts';
import { WatchError } from '../../model/errors.ts';
import type { Files } from '../../runtime/files.ts';
import { nearestTo } from '../../runtime/known-keys.ts';
import type { PoolClient } from './pool-client.ts';

/** A file on this machine as the depot has it, without its bytes. */
export interface LocalFile extends DepotBytes {
  readonly executable: boolean;
}

const partBytes = 1_048_576;

/** Errors: WK_NOT_FOUND, WK_DENIED, WK_TOO_LARGE, WK_BAD_REQUEST (empty, or no file), each naming the path. */
export async function readLocalFile(
  files: Files,
  path: string,
): Promise<LocalFile & { readonly bytes: Uint8Array }> {
  const status = await files.status(path);
  if (status === null) throw new WatchError('WK_NOT_FOUND', `${path}: there is no such file`);
  if (status.kind !== 'file') throw new WatchError('WK_BAD_REQUEST', `${path}: is no file`);
  if (status.sizeBytes === 0) throw new WatchError('WK_BAD_REQUEST', `${path}: is empty`);
  if (status.sizeBytes > depotLimits.fileBytesMax)
    throw new WatchError(
      'WK_TOO_LARGE',
      `${path}: has ${status.sizeBytes} bytes, and a file of the depot may have ${depotLimits.fileBytesMax}`,
    );
  const bytes = await files.readBytes(path);
  const executable = (status.mode & 0o100) !== 0;
  return { sha256: hash('sha256', bytes), sizeBytes: bytes.length, executable, bytes };
}

export function readDepot(client: PoolClient): Promise<DepotView> {
  return client.ask({ path: '/api/v1/depot' }, depotViewSchema);
}

/** WK_NOT_FOUND with the nearest name that there is. */
export function fileNamed({ files }: DepotView, name: string): DepotFileView {
  const found = files.find((file) => file.name === name);
  if (found) return found;
  const nearest = nearestTo(
    name,
    files.map((file) => file.name),
  );
  throw new WatchError(
    'WK_NOT_FOUND',
    `there is no depot file ${name}${nearest === null ? '' : `; did you mean ${nearest}?`}`,
  );
}

/** Sending it twice is harmless, so any server may be asked. */
export function uploadFile(
  client: PoolClient,
  { sha256, bytes }: { readonly sha256: string; readonly bytes: Uint8Array },
): Promise<DepotUpload> {
  return client.ask({ method: 'PUT', path: pathOf(sha256), bytes }, depotUploadSchema);
}

/** Checked. */
export async function downloadFile(client: PoolClient, sha256: string): Promise<Uint8Array> {
  const bytes = await client.bytes({ path: pathOf(sha256) });
  if (hash('sha256', bytes) === sha256) return bytes;
  throw new WatchError('WK_PROTOCOL', `${client.server} sent a file with another SHA-256 than ${sha256}`);
}

function pathOf(sha256: string): string {
  return `/api/v1/depot/${sha256}`;
}

export function sizeText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  return bytes < partBytes ? `${(bytes / 1_024).toFixed(1)} KiB` : `${(bytes / partBytes).toFixed(1)} MiB`;
}
