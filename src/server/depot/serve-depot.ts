import type { DepotFolder } from '../../depot/depot-folder.ts';
import type { LinkConnection } from '../../link/connection.ts';
import { codeOf, textOf, WatchError } from '../../model/errors.ts';
import type { Log } from '../../runtime/log.ts';

/** Files that one peer may wait for; whoever asks waits for each, so more is a fault. */
const waitingMax = 16;
/** Files that are not for it; a definition that changed in between explains a few. */
const deniedMax = 16;

interface Ports {
  readonly folder: Pick<DepotFolder, 'has' | 'list' | 'read'>;
  readonly log: Log;
  /** A file could not be read to its end. */
  readonly onDamaged: () => void;
}

/** Which files a peer is given: those that something names which is for it. */
export interface DepotGate {
  mayHave(sha256: string): boolean;
  denied(sha256: string): void;
}

/** Sends a peer the files that it asks for, one after the other, as fast as it takes them. */
export class ServeDepot {
  readonly #connection: Pick<LinkConnection, 'send' | 'room'>;
  readonly #ports: Ports;
  readonly #gate: DepotGate | null;
  #denied = 0;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  /** Without a gate for other servers, which have every file. */
  constructor(connection: Pick<LinkConnection, 'send' | 'room'>, ports: Ports, gate: DepotGate | null) {
    this.#connection = connection;
    this.#ports = ports;
    this.#gate = gate;
  }

  /** What is not for the peer is as if it were not there. Throws what refuses the peer. */
  asked(sha256: string): void {
    if (this.#gate?.mayHave(sha256) === false) return this.#deny(this.#gate, sha256);
    if (this.#waiting >= waitingMax)
      throw new WatchError('WK_OVERLOADED', `more than ${waitingMax} files of the depot are waited for`);
    this.#waiting += 1;
    this.#last = this.#last.then(() => this.#answer(sha256));
  }

  #deny(gate: DepotGate, sha256: string): void {
    gate.denied(sha256);
    this.#none(sha256);
    this.#denied += 1;
    if (this.#denied > deniedMax)
      throw new WatchError(
        'WK_DENIED',
        `more than ${deniedMax} files of the depot were asked for that are not for this node`,
      );
  }

  async #answer(sha256: string): Promise<void> {
    await this.#send(sha256);
    this.#waiting -= 1;
  }

  async #send(sha256: string): Promise<void> {
    const { folder, log, onDamaged } = this.#ports;
    const totalBytes = folder.list().find((file) => file.sha256 === sha256)?.sizeBytes;
    if (totalBytes === undefined) return this.#none(sha256);
    try {
      let offset = 0;
      for await (const part of folder.read(sha256)) {
        if (!(await this.#part({ sha256, offset, totalBytes }, part))) return;
        offset += part.length;
      }
    } catch (error) {
      log.warn('a file of the depot could not be sent', {
        sha256,
        code: codeOf(error),
        error: textOf(error),
      });
      this.#none(sha256);
      onDamaged();
    }
  }

  #none(sha256: string): void {
    this.#connection.send({ type: 'depotNone', sha256 });
  }

  /** False when the connection is over. */
  async #part(
    about: { readonly sha256: string; readonly offset: number; readonly totalBytes: number },
    part: Uint8Array,
  ): Promise<boolean> {
    for (;;) {
      const said = this.#connection.send({ type: 'depotPart', ...about }, part);
      if (said === 'taken') return true;
      if (said === 'closed' || !(await this.#connection.room())) return false;
    }
  }
}
