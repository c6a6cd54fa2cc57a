import { z } from 'zod';
import type { DepotFolder } from '../../depot/depot-folder.ts';
import { depotLimits, sha256Schema, type DepotBytes } from '../../model/depot.ts';
import { textOf, WatchError } from '../../model/errors.ts';
import type { Clock, Timer, Timers } from '../../runtime/clock.ts';
import type { Files } from '../../runtime/files.ts';
import type { Log } from '../../runtime/log.ts';
import { every } from '../../runtime/timing.ts';

/** So long after its definition went a file can still be rolled back to. */
const keptMs = 7 * 86_400_000;
/** Between an upload and its definition. */
const uploadedMs = 3_600_000;
const lookEveryMs = 3_600_000;
/** With what is not named (any more): what came before a change and what comes with it fit side by side. */
const folderBytesMax = 2 * depotLimits.bytesMax;
/** The depot never takes the last room from the journal. */
const freeBytesMin = 256 * 1_048_576;

const sinceSchema = z.record(sha256Schema, z.number());

interface Ports {
  readonly files: Files;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly path: string;
  readonly folder: DepotFolder;
  readonly named: () => readonly DepotBytes[];
}

/** Removes files that no definition has named for a week, or earlier when room is needed. */
export class DepotUnused {
  readonly #ports: Ports;
  readonly #timer: Timer;
  /** Since when each is not named, by the wall clock: it counts across restarts. */
  #sinceMs = new Map<string, number>();
  #last: Promise<void>;

  constructor(ports: Ports) {
    this.#ports = ports;
    this.#last = readSince(ports).then((sinceMs) => void (this.#sinceMs = sinceMs));
    this.#timer = every(ports.timers, lookEveryMs, () => this.look());
  }

  close(): void {
    this.#timer.cancel();
  }

  /** Notes what is not named any more, and removes what has not been for long. */
  look(): void {
    this.#after(() => this.#look());
  }

  /** WK_TOO_LARGE when the folder is full of files that are needed, WK_DISK_FULL. */
  async makeRoom(sizeBytes: number): Promise<void> {
    const { files, folder, path } = this.#ports;
    const made = this.#last.then(() => this.#makeRoom(sizeBytes));
    this.#last = made.catch(() => undefined);
    await made;
    const free = await files.freeBytes(path.slice(0, path.lastIndexOf('/')));
    if (free < sizeBytes + freeBytesMin)
      throw new WatchError('WK_DISK_FULL', `the disk has ${free} bytes left, too few for the depot`);
    if (folder.bytes + sizeBytes > folderBytesMax)
      throw new WatchError(
        'WK_TOO_LARGE',
        `the depot of this server is full (${folder.bytes} of ${folderBytesMax} bytes); remove files from it first`,
      );
  }

  #after(run: () => Promise<void>): void {
    this.#last = this.#last.then(run).catch((error: unknown) => {
      this.#ports.log.warn('unused files of the depot could not be removed', { error: textOf(error) });
    });
  }

  async #look(): Promise<void> {
    const nowMs = this.#ports.clock.wallMs();
    const unused = this.#unused();
    const sinceMs = new Map(unused.map((sha256) => [sha256, this.#sinceMs.get(sha256) ?? nowMs]));
    for (const [sha256, since] of sinceMs)
      if (nowMs - since > keptMs) {
        sinceMs.delete(sha256);
        await this.#remove(sha256, 'no definition names it');
      }
    await this.#note(sinceMs);
  }

  /** The longest unused first; what was uploaded a moment ago stays. */
  async #makeRoom(sizeBytes: number): Promise<void> {
    await this.#look();
    const nowMs = this.#ports.clock.wallMs();
    for (const [sha256, since] of [...this.#sinceMs].toSorted((a, b) => a[1] - b[1])) {
      if (this.#ports.folder.bytes + sizeBytes <= folderBytesMax) return;
      if (nowMs - since > uploadedMs) await this.#remove(sha256, 'room is needed');
    }
  }

  #unused(): string[] {
    const named = new Set(this.#ports.named().map(({ sha256 }) => sha256));
    return this.#ports.folder.list().flatMap(({ sha256 }) => (named.has(sha256) ? [] : [sha256]));
  }

  async #remove(sha256: string, because: string): Promise<void> {
    await this.#ports.folder.remove(sha256);
    this.#ports.log.info('a file of the depot was removed', { sha256, because });
  }

  async #note(sinceMs: Map<string, number>): Promise<void> {
    const isSame =
      sinceMs.size === this.#sinceMs.size && [...sinceMs].every(([key, ms]) => this.#sinceMs.get(key) === ms);
    this.#sinceMs = sinceMs;
    if (isSame) return;
    await this.#ports.files.writeAtomic(this.#ports.path, JSON.stringify(Object.fromEntries(sinceMs)), 0o600);
  }
}

/** A file that cannot be read is as none: everything unused has a week again. */
async function readSince({ files, path, log }: Ports): Promise<Map<string, number>> {
  try {
    if ((await files.status(path)) === null) return new Map();
    return new Map(Object.entries(sinceSchema.parse(JSON.parse(await files.readText(path)))));
  } catch (error) {
    log.warn('since when files of the depot are unused cannot be read', { path, error: textOf(error) });
    return new Map();
  }
}
