import type { DepotBytes, DepotUpload, DepotView } from '../../model/depot.ts';

/** The bytes of the depot. What stands in it is a definition like others (`ConfigPort`). */
export interface DepotPort {
  list(): DepotView;
  /**
   * Takes a file and resolves when enough servers have it, or with those that have it by then. Nothing of it counts before a definition
   * names it. Errors: WK_BAD_REQUEST (other bytes than were told), WK_TOO_LARGE, WK_OVERLOADED, WK_DISK_FULL.
   */
  upload(file: DepotBytes, body: AsyncIterable<Uint8Array>): Promise<DepotUpload>;
  /** WK_NOT_FOUND where this server has no such file. */
  read(sha256: string): { readonly sizeBytes: number; readonly parts: AsyncIterable<Uint8Array> };
}
