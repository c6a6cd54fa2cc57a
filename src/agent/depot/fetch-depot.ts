import { DepotAssembly } from '../../depot/depot-assembly.ts';
import type { LinkConnection } from '../../link/connection.ts';
import type { LinkMessage } from '../../link/messages.ts';
import type { DepotBytes } from '../../model/depot.ts';
import { WatchError } from '../../model/errors.ts';
import type { Timer, Timers } from '../../runtime/clock.ts';

/** A server that sends nothing of a file for so long does not count on being waited for. */
const silentMsMax = 30_000;
/** The protocol that brought the depot. */
const depotSince = 4;

interface Waiting {
  readonly assembly: DepotAssembly;
  readonly done: PromiseWithResolvers<DepotAssembly>;
  timer: Timer;
}

/** Gets files from the server that the agent is connected to, one at a time. */
export class FetchDepot {
  readonly #timers: Timers;
  #connection: Pick<LinkConnection, 'send' | 'protocol'> | null = null;
  #waiting: Waiting | null = null;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  connected(connection: Pick<LinkConnection, 'send' | 'protocol'>): void {
    this.lost();
    this.#connection = connection;
  }

  lost(): void {
    this.#connection = null;
    this.#fail(
      new WatchError('WK_UNREACHABLE', 'the connection to the server ended before the file was here'),
    );
  }

  /**
   * Resolves with all of its bytes, which are yet to be checked. Errors: WK_UNREACHABLE (not connected, or not any more), WK_TIMEOUT, WK_NOT_FOUND (the server
   * has it not), WK_PROTOCOL (it is too old), WK_BAD_REQUEST (other bytes than were told).
   */
  get(file: DepotBytes): Promise<DepotAssembly> {
    const { sha256 } = file;
    const connection = this.#connection;
    if (connection === null)
      return Promise.reject(new WatchError('WK_UNREACHABLE', 'no server is connected'));
    if (connection.protocol < depotSince)
      return Promise.reject(
        new WatchError('WK_PROTOCOL', 'the server is too old to have a depot; upgrade it'),
      );
    if (this.#waiting !== null)
      return Promise.reject(new WatchError('WK_OVERLOADED', 'another file is being fetched'));
    const waiting = {
      assembly: new DepotAssembly(file),
      done: Promise.withResolvers<DepotAssembly>(),
      timer: this.#watchdog(),
    };
    this.#waiting = waiting;
    connection.send({ type: 'depotPlease', sha256 });
    return waiting.done.promise;
  }

  /** Whatever the server says about files. */
  take(message: LinkMessage, body: Uint8Array): void {
    const waiting = this.#waiting;
    if (waiting === null || (message.type !== 'depotPart' && message.type !== 'depotNone')) return;
    const { assembly } = waiting;
    if (message.sha256 !== assembly.file.sha256) return;
    if (message.type === 'depotNone')
      return this.#fail(
        new WatchError(
          'WK_NOT_FOUND',
          `the server has not the file with SHA-256 ${message.sha256}, or nothing that is for this node names it`,
        ),
      );
    waiting.timer.cancel();
    if (message.totalBytes !== assembly.file.sizeBytes || message.offset !== assembly.filledBytes)
      return this.#fail(new WatchError('WK_BAD_REQUEST', 'the server sent another file than was asked for'));
    try {
      assembly.add(body);
    } catch (error) {
      return this.#fail(error);
    }
    if (assembly.filledBytes < message.totalBytes) waiting.timer = this.#watchdog();
    else {
      this.#waiting = null;
      waiting.done.resolve(assembly);
    }
  }

  #watchdog(): Timer {
    return this.#timers.after(silentMsMax, () =>
      this.#fail(
        new WatchError('WK_TIMEOUT', `the server sent nothing of the file for ${silentMsMax / 1_000} s`),
      ),
    );
  }

  #fail(error: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.timer.cancel();
    waiting?.done.reject(error);
  }
}
