import { createHash, type Hash } from 'node:crypto';
import type { LinkMessageOf } from '../../link/messages.ts';
import { textOf, WatchError } from '../../model/errors.ts';
import type { Files } from '../../runtime/files.ts';
import type { Log } from '../../runtime/log.ts';

/** Parts received and not yet on the disk, at most. */
const unwrittenPartsMax = 64;

/**
 * Takes the parts of one snapshot into `path` and calls `complete` once the whole is there and its checksum is right.
 * A part out of order, a wrong checksum or a disk that does not take a part throws it all away: `failed` must end the
 * connection, and the peer is asked again on the next one.
 */
export class SnapshotInbox {
  readonly #files: Files;
  readonly #log: Log;
  readonly #path: string;
  readonly #complete: () => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #hash: Hash = createHash('sha256');
  #nextOffset = 0;
  #unwritten = 0;
  /** A part is missing: what follows of this snapshot is of no use. */
  #broken = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: {
    files: Files;
    log: Log;
    path: string;
    complete: () => Promise<void>;
    failed: (error: unknown) => void;
  }) {
    this.#files = options.files;
    this.#log = options.log;
    this.#path = options.path;
    this.#complete = options.complete;
    this.#failed = options.failed;
  }

  /** Throws WK_OVERLOADED or WK_FRAME for the connection to be refused with. */
  take(part: LinkMessageOf<'snapshotPart'>, bytes: Uint8Array): void {
    if (part.offset === 0) this.#restart();
    if (part.offset !== this.#nextOffset) {
      throw new WatchError(
        'WK_FRAME',
        `a part of a snapshot at ${part.offset} came where ${this.#nextOffset} is next`,
      );
    }
    if (this.#unwritten >= unwrittenPartsMax) {
      throw new WatchError('WK_OVERLOADED', 'this disk is slower than the snapshot comes in');
    }
    this.#nextOffset += bytes.length;
    this.#hash.update(bytes);
    this.#unwritten += 1;
    const sha256 = part.last ? this.#hash.digest('hex') : null;
    const isFirst = part.offset === 0;
    this.#writing = this.#writing
      .then(() => this.#write(bytes, isFirst, part, sha256))
      .catch((error: unknown) => {
        this.#log.error('a snapshot could not be stored', { error: textOf(error) });
        this.#broken = true;
        this.#failed(error);
      })
      .finally(() => {
        this.#unwritten -= 1;
      });
  }

  async #write(
    bytes: Uint8Array,
    isFirst: boolean,
    part: LinkMessageOf<'snapshotPart'>,
    sha256: string | null,
  ): Promise<void> {
    if (isFirst) {
      this.#broken = false;
      await this.#files.remove(this.#path);
    }
    if (this.#broken) return;
    await this.#files.append(this.#path, bytes, { mode: 0o600, sync: part.last });
    if (!part.last) return;
    if (sha256 !== part.sha256) {
      await this.#files.remove(this.#path);
      throw new WatchError(
        'WK_DAMAGED',
        'the snapshot received does not match its checksum; it is asked for again',
      );
    }
    await this.#complete();
  }

  #restart(): void {
    this.#hash = createHash('sha256');
    this.#nextOffset = 0;
  }
}
