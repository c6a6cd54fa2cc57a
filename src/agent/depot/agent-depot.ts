import type { DepotAssembly } from '../../depot/depot-assembly.ts';
import { DepotFolder } from '../../depot/depot-folder.ts';
import type { DepotBytes, DepotFiles } from '../../model/depot.ts';
import { WatchError } from '../../model/errors.ts';
import { depotFilesFor, resolveDepotWords } from '../../policies/depot-reference.ts';
import type { Runtime } from '../../runtime/runtime.ts';

interface Ports {
  readonly runtime: Pick<Runtime, 'files' | 'log'>;
  readonly path: string;
  readonly bytesMax: number;
  /** The word of the node's own configuration: which files of the depot may be used here. */
  readonly allow: boolean | readonly string[];
  /** From the server that the agent is connected to. */
  readonly get: (file: DepotBytes) => Promise<DepotAssembly>;
}

/**
 * The files of the pool's depot on this node: only what its own configuration lets in, only what is needed, each checked
 * against the digest that the policy or tool told before it can be run.
 */
export class AgentDepot {
  readonly #ports: Ports;
  readonly #folder: DepotFolder;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(ports: Ports, folder: DepotFolder) {
    this.#ports = ports;
    this.#folder = folder;
  }

  /** With what is on the disk and is still what it was. */
  static async open(ports: Ports): Promise<AgentDepot> {
    const folder = await DepotFolder.open({ ...ports.runtime, path: ports.path, mode: 0o500 });
    await folder.check();
    return new AgentDepot(ports, folder);
  }

  get status(): { files: number; bytes: number; bytesMax: number; allowed: boolean | number } {
    const { bytesMax, allow } = this.#ports;
    const allowed = typeof allow === 'boolean' ? allow : allow.length;
    return { files: this.#folder.list().length, bytes: this.#folder.bytes, bytesMax, allowed };
  }

  /** Why this node does not take these files; null when it does. */
  whyNot(files: readonly DepotBytes[]): string | null {
    const { allow, bytesMax } = this.#ports;
    if (files.length === 0) return null;
    if (allow === false)
      return 'this node takes no files from the depot; "depot.allow" of its configuration decides that';
    const unlisted = allow === true ? undefined : files.find(({ sha256 }) => !allow.includes(sha256));
    if (unlisted)
      return `this node takes only those files from the depot that "depot.allow" of its configuration lists, and ${unlisted.sha256} is not in it`;
    const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return bytes > bytesMax
      ? `these files of the depot have ${bytes} bytes, and "depot.bytesMax" of this node's configuration allows ${bytesMax}`
      : null;
  }

  hasAll(files: readonly DepotBytes[]): boolean {
    return files.every(({ sha256 }) => this.#folder.has(sha256));
  }

  /**
   * Fetches what is missing of them, one file after the other. WK_DENIED for what the node does not take, and what fetching and
   * the disk say (`FetchDepot.get`, `DepotFolder.add`).
   */
  ensure(files: readonly DepotBytes[]): Promise<void> {
    const ensured = this.#last.then(() => this.#ensure(files));
    this.#last = ensured.catch(() => undefined);
    return ensured;
  }

  /** The words with paths in place of `depot:NAME`; the files have been ensured. */
  resolve<Words extends readonly string[]>(
    words: Words,
    files: DepotFiles | undefined,
  ): { [At in keyof Words]: string } {
    const resolved = resolveDepotWords(words, files, (sha256) => this.#folder.pathOf(sha256));
    // As many as there were, each a word again.
    return resolved as { [At in keyof Words]: string };
  }

  /** For what is started now and then (a tool): fetches what its words name, and says what is to be run. */
  async prepare(words: readonly string[], files: DepotFiles | undefined): Promise<readonly string[]> {
    await this.ensure(depotFilesFor(words, files));
    return this.resolve(words, files);
  }

  /** Removes everything else; what is needed again is fetched again. */
  keepOnly(files: readonly DepotBytes[]): Promise<void> {
    const removed = this.#last.then(() => this.#keepOnly(files));
    this.#last = removed.catch(() => undefined);
    return removed;
  }

  async #keepOnly(files: readonly DepotBytes[]): Promise<void> {
    const kept = new Set(files.map(({ sha256 }) => sha256));
    for (const { sha256 } of this.#folder.list()) if (!kept.has(sha256)) await this.#folder.remove(sha256);
  }

  async #ensure(files: readonly DepotBytes[]): Promise<void> {
    const why = this.whyNot(files);
    if (why !== null) throw new WatchError('WK_DENIED', why);
    for (const file of files) {
      if (this.#folder.has(file.sha256)) continue;
      await this.#folder.add(await this.#ports.get(file));
      this.#ports.runtime.log.info('a file of the depot is here', {
        sha256: file.sha256,
        bytes: file.sizeBytes,
      });
    }
  }
}
