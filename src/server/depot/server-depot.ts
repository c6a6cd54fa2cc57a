import { DepotAssembly } from '../../depot/depot-assembly.ts';
import type { DepotFolder } from '../../depot/depot-folder.ts';
import type { LinkConnection } from '../../link/connection.ts';
import type { LinkMessageOf } from '../../link/messages.ts';
import type { DepotBytes } from '../../model/depot.ts';
import { textOf, WatchError } from '../../model/errors.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Timer } from '../../runtime/clock.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { DepotUnused } from './depot-unused.ts';
import { ServeDepot, type DepotGate } from './serve-depot.ts';

/** A member that sends nothing of a file for so long is asked no more for it now. */
const silentMsMax = 30_000;
/** Uploaded elsewhere and wanted here; the oldest beyond are forgotten, until a definition names them. */
const freshMax = 200;
/** Files in one message. */
const toldMax = 500;
/** The protocol that brought the depot. */
export const depotSince = 4;

/** A member that dialled us, which can be asked for files. */
export interface DepotSource {
  readonly coreId: Uuid;
  readonly connection: Pick<LinkConnection, 'send' | 'protocol'>;
}

interface Ports {
  readonly runtime: Pick<Runtime, 'files' | 'log' | 'timers' | 'clock'>;
  readonly folder: DepotFolder;
  /** Where it notes since when files are unused. */
  readonly unusedPath: string;
  readonly own: Uuid;
  /** Files that definitions name. */
  readonly named: () => readonly DepotBytes[];
  /** Core IDs of all servers of the pool, and those that are alive. */
  readonly servers: () => { readonly listed: readonly Uuid[]; readonly alive: readonly Uuid[] };
  /** To every member that we dialled. */
  readonly tell: (message: LinkMessageOf<'depotHave'>) => void;
}

interface Pull {
  readonly from: DepotSource;
  readonly sha256: string;
  assembly: DepotAssembly | null;
  timer: Timer;
}

/**
 * The bytes of the depot on this server. What definitions name is fetched from whichever member says that it has it, one
 * file at a time; what was just uploaded somewhere is fetched too, since its definition comes next. Members tell each other what they have
 * when they connect and with every file more.
 */
export class ServerDepot {
  readonly #ports: Ports;
  readonly #folder: DepotFolder;
  readonly #unused: DepotUnused;
  /** What members said that they have. */
  readonly #holders = new Map<Uuid, Set<string>>();
  readonly #sources = new Map<Uuid, DepotSource>();
  /** Not named (yet), and wanted here all the same. */
  readonly #fresh = new Set<string>();
  readonly #listeners = new Set<() => void>();
  #pull: Pull | null = null;
  #closed = false;

  constructor(ports: Ports) {
    const { runtime, folder, unusedPath, named } = ports;
    this.#ports = ports;
    this.#folder = folder;
    this.#unused = new DepotUnused({ ...runtime, path: unusedPath, folder, named });
  }

  has(sha256: string): boolean {
    return this.#folder.has(sha256);
  }

  /** Those servers, by core ID, that are known to have it. */
  holders(sha256: string): Uuid[] {
    const others = [...this.#holders].filter(([, files]) => files.has(sha256)).map(([coreId]) => coreId);
    return this.has(sha256) ? [this.#ports.own, ...others] : others;
  }

  /** It is on a majority of the servers, or on all that are alive. */
  isSafe(sha256: string): boolean {
    const { listed, alive } = this.#ports.servers();
    const holders = this.holders(sha256).filter((coreId) => listed.includes(coreId));
    if (!this.has(sha256)) return false;
    return holders.length * 2 > listed.length || alive.every((coreId) => holders.includes(coreId));
  }

  /** Resolves with whether these are safe now, at last after `withinMs`. A file that others have is fetched. */
  async safe(files: readonly string[], withinMs: number): Promise<boolean> {
    const isSafe = (): boolean => files.every((sha256) => this.isSafe(sha256));
    this.#wantToo(files);
    this.#step();
    if (isSafe()) return true;
    const done = Promise.withResolvers<void>();
    const timer = this.#ports.runtime.timers.after(withinMs, () => done.resolve());
    const listener = this.onChange(() => {
      if (isSafe()) done.resolve();
    });
    await done.promise;
    timer.cancel();
    listener.close();
    for (const sha256 of files) this.#fresh.delete(sha256);
    return isSafe();
  }

  /** Called whenever a file came here, or somewhere else. */
  onChange(listener: () => void): { close(): void } {
    this.#listeners.add(listener);
    return { close: () => this.#listeners.delete(listener) };
  }

  /** Makes room for a file that is about to come. WK_TOO_LARGE, WK_DISK_FULL. */
  makeRoom(sizeBytes: number): Promise<void> {
    return this.#unused.makeRoom(sizeBytes);
  }

  /** A file that somebody uploaded here. Errors: what is wrong with it, and what the disk says. */
  async add(assembly: DepotAssembly): Promise<void> {
    const { sha256 } = assembly.file;
    if (!this.has(sha256)) await this.#folder.add(assembly);
    this.#ports.tell({ type: 'depotHave', files: [sha256], fresh: true });
    this.#changed();
  }

  read(sha256: string): AsyncGenerator<Uint8Array> {
    return this.#folder.read(sha256);
  }

  sizeOf(sha256: string): number | null {
    return this.#folder.list().find((file) => file.sha256 === sha256)?.sizeBytes ?? null;
  }

  /** `gate` is null for another server. */
  serve(connection: Pick<LinkConnection, 'send' | 'room'>, gate: DepotGate | null): ServeDepot {
    const { log } = this.#ports.runtime;
    return new ServeDepot(connection, { folder: this.#folder, log, onDamaged: () => this.#step() }, gate);
  }

  /** What a member that we dialled is told first. */
  introduction(): LinkMessageOf<'depotHave'>[] {
    const all = this.#folder.list().map(({ sha256 }) => sha256);
    const pages = Array.from({ length: Math.max(1, Math.ceil(all.length / toldMax)) }, (_, page) =>
      all.slice(page * toldMax, (page + 1) * toldMax),
    );
    return pages.map((files, page) => ({ type: 'depotHave', files, ...(page === 0 && { whole: true }) }));
  }

  /** Definitions have changed. */
  definitionsChanged(): void {
    this.#unused.look();
    this.#step();
  }

  connected(source: DepotSource): void {
    this.#sources.set(source.coreId, source);
    this.#step();
  }

  gone(source: DepotSource): void {
    if (this.#sources.get(source.coreId) === source) this.#sources.delete(source.coreId);
    if (this.#pull?.from === source) this.#endPull();
    this.#step();
  }

  told({ coreId }: DepotSource, { files, whole = false, fresh = false }: LinkMessageOf<'depotHave'>): void {
    const known = this.#holders.get(coreId);
    const held = known === undefined || whole ? new Set<string>() : known;
    for (const sha256 of files) held.add(sha256);
    this.#holders.set(coreId, held);
    if (fresh) this.#wantToo(files);
    this.#changed();
  }

  /** Throws what refuses the member. */
  part(source: DepotSource, message: LinkMessageOf<'depotPart'>, body: Uint8Array): void {
    const pull = this.#pull;
    // Of a file that is not waited for any more.
    if (pull === null || pull.from !== source || pull.sha256 !== message.sha256) return;
    const { sha256, offset, totalBytes } = message;
    pull.assembly ??= new DepotAssembly({ sha256, sizeBytes: totalBytes });
    if (offset !== pull.assembly.filledBytes)
      throw new WatchError(
        'WK_FRAME',
        `a part of a depot file begins at ${offset}, not where the last one ended`,
      );
    pull.assembly.add(body);
    pull.timer.cancel();
    pull.timer = this.#watchdog();
    if (pull.assembly.filledBytes === totalBytes) void this.#finish(pull, pull.assembly);
  }

  /** It has not what it was asked for. */
  none(source: DepotSource, { sha256 }: LinkMessageOf<'depotNone'>): void {
    this.#holders.get(source.coreId)?.delete(sha256);
    if (this.#pull?.from === source && this.#pull.sha256 === sha256) this.#endPull();
    this.#changed();
  }

  close(): void {
    this.#closed = true;
    this.#unused.close();
    this.#endPull();
    this.#listeners.clear();
  }

  #wantToo(files: readonly string[]): void {
    for (const sha256 of files) if (!this.has(sha256)) this.#fresh.add(sha256);
    for (const sha256 of this.#fresh) {
      if (this.#fresh.size <= freshMax) break;
      this.#fresh.delete(sha256);
    }
  }

  #changed(): void {
    this.#step();
    for (const listener of this.#listeners) listener();
  }

  async #finish(pull: Pull, assembly: DepotAssembly): Promise<void> {
    pull.timer.cancel();
    const { sha256 } = pull;
    const { log } = this.#ports.runtime;
    try {
      await this.#unused.makeRoom(assembly.file.sizeBytes);
      await this.#folder.add(assembly);
      log.info('a file of the depot came from another server', { sha256, from: pull.from.coreId });
      if (!this.#closed) this.#ports.tell({ type: 'depotHave', files: [sha256] });
    } catch (error) {
      // Not from there again before it says anew that it has it: its copy, or our disk, is not as it should be.
      this.#holders.get(pull.from.coreId)?.delete(sha256);
      log.error('a file of the depot could not be taken over', { sha256, error: textOf(error) });
    }
    this.#fresh.delete(sha256);
    if (this.#pull === pull) this.#pull = null;
    this.#changed();
  }

  /** Asks for the next file that is missing here and that somebody who is connected has. */
  #step(): void {
    if (this.#closed || this.#pull !== null) return;
    const wanted = [...this.#ports.named().map(({ sha256 }) => sha256), ...this.#fresh];
    for (const sha256 of wanted) {
      if (this.has(sha256)) continue;
      const from = this.#sourceOf(sha256);
      if (from === null) continue;
      this.#pull = { from, sha256, assembly: null, timer: this.#watchdog() };
      from.connection.send({ type: 'depotPlease', sha256 });
      return;
    }
  }

  #sourceOf(sha256: string): DepotSource | null {
    for (const [coreId, source] of this.#sources)
      if (source.connection.protocol >= depotSince && this.#holders.get(coreId)?.has(sha256)) return source;
    return null;
  }

  #watchdog(): Timer {
    return this.#ports.runtime.timers.after(silentMsMax, () => {
      const pull = this.#pull;
      if (pull === null) return;
      this.#holders.get(pull.from.coreId)?.delete(pull.sha256);
      this.#endPull();
      this.#step();
    });
  }

  #endPull(): void {
    this.#pull?.timer.cancel();
    this.#pull = null;
  }
}
