import { createHash } from 'node:crypto';
import { depotLimits, type DepotBytes } from '../model/depot.ts';
import { WatchError } from '../model/errors.ts';

/** Builds a file from its parts, and gives it out only when it is the one that was asked for. */
export class DepotAssembly {
  readonly file: DepotBytes;
  readonly #bytes: Uint8Array;
  readonly #hash = createHash('sha256');
  #filled = 0;

  /** WK_TOO_LARGE before anything is taken. */
  constructor(file: DepotBytes) {
    const { sha256, sizeBytes } = file;
    const { fileBytesMax } = depotLimits;
    if (sizeBytes > fileBytesMax)
      throw new WatchError(
        'WK_TOO_LARGE',
        `the file has ${sizeBytes} bytes, and one of the depot may have ${fileBytesMax}`,
      );
    this.file = { sha256, sizeBytes };
    this.#bytes = new Uint8Array(sizeBytes);
  }

  get filledBytes(): number {
    return this.#filled;
  }

  /** The next part. WK_BAD_REQUEST when there are more bytes than were told. */
  add(part: Uint8Array): void {
    const { sizeBytes } = this.file;
    if (this.#filled + part.length > sizeBytes)
      throw new WatchError('WK_BAD_REQUEST', `more came than the ${sizeBytes} bytes that were told`);
    this.#bytes.set(part, this.#filled);
    this.#hash.update(part);
    this.#filled += part.length;
  }

  /** The whole. WK_BAD_REQUEST when bytes are missing, or it is another file than was asked for. */
  whole(): Uint8Array {
    const { sha256, sizeBytes } = this.file;
    if (this.#filled !== sizeBytes)
      throw new WatchError('WK_BAD_REQUEST', `${this.#filled} bytes came, and ${sizeBytes} were told`);
    const found = this.#hash.digest('hex');
    if (found !== sha256)
      throw new WatchError(
        'WK_BAD_REQUEST',
        `the bytes have the SHA-256 ${found}, and should have ${sha256}`,
      );
    return this.#bytes;
  }
}
