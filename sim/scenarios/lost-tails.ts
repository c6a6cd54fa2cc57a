import type { DefinitionsChecker } from '../checkers/definitions-checker.ts';
import type { JournalChecker } from '../checkers/journal-checker.ts';
import type { SimServer } from './whole-pool.ts';

/**
 * Disks that lose what they had synced last. One at a time: what was stored twice may be on this one and one other only, so
 * the next may not lose anything before all servers were level.
 */
export class LostTails {
  readonly #members: () => readonly SimServer[];
  readonly #checker: JournalChecker;
  readonly #definitions: DefinitionsChecker;
  #tail: { readonly coreId: string; readonly isLost: boolean } | null = null;

  constructor(members: () => readonly SimServer[], checker: JournalChecker, definitions: DefinitionsChecker) {
    this.#members = members;
    this.#checker = checker;
    this.#definitions = definitions;
  }

  /** Notes what the disk holds; false when it may not lose anything now. */
  keep(server: SimServer): boolean {
    if (this.#tail !== null || !server.member || this.#members().length < 2) return false;
    this.#tail = { coreId: server.config.server.coreId, isLost: false };
    server.machine.disk.keep();
    return true;
  }

  /** Without power: the disk holds what was noted; false when another server has taken its place. */
  putBack(server: SimServer): boolean {
    const { coreId } = server.config.server;
    const isTheSame = server.member && this.#tail?.coreId === coreId;
    this.#tail = isTheSame ? { coreId, isLost: true } : null;
    if (!isTheSame) return false;
    server.machine.putDiskBack();
    this.#checker.forget(server.name);
    this.#definitions.forget(server.name);
    return true;
  }

  /** To be called now and then. */
  look(): void {
    if (this.#tail?.isLost !== true) return;
    if (this.#checker.areLevel(this.#members().map(({ reader }) => reader))) this.#tail = null;
  }
}
