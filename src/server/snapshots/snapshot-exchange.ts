import type { LinkConnection } from '../../link/connection.ts';
import type { LinkMessageOf } from '../../link/messages.ts';
import type { ServerDefinition } from '../../model/definitions.ts';
import { codeOf, textOf } from '../../model/errors.ts';
import type { Origin, Positions } from '../../model/origin.ts';
import type { Timer } from '../../runtime/clock.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { every } from '../../runtime/timing.ts';
import type { ServerPaths } from '../server-paths.ts';
import { sendSnapshot } from './send-snapshot.ts';
import { SnapshotInbox } from './snapshot-inbox.ts';

const askEveryMs = 2_000;

interface Ports {
  readonly runtime: Runtime;
  readonly paths: ServerPaths;
  /** This run's own origin, which grows all the time; installing keeps what the snapshot lacks of it. */
  readonly own: Origin;
  positions(): Positions;
  memberPositions(coreId: string): Positions | null;
  /** Writes a consistent copy of this server's database. */
  backup(path: string): Promise<void>;
  /** A snapshot lies ready: it is installed at the next start of this process. */
  restart(because: string): void;
}

/**
 * Both sides of a snapshot. Who lacks what was trimmed everywhere asks for one, but only after the server asked has all
 * that we have, so that nothing is known to us alone when our database is replaced. One is sent at a time.
 */
export class SnapshotExchange {
  readonly #ports: Ports;
  #sending = false;
  #complete = false;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** For a connection on which `server` sends to us. */
  receiveFrom(
    connection: LinkConnection,
    server: ServerDefinition,
  ): {
    trimmed(origin: Origin, from: number): void;
    part(message: LinkMessageOf<'snapshotPart'>, body: Uint8Array): void;
    ended(): void;
  } {
    const { runtime, paths } = this.#ports;
    let asking: Timer | null = null;
    const inbox = new SnapshotInbox({
      ...runtime,
      path: `${paths.snapshotIncoming}-${server.coreId}`,
      complete: () => this.#received(server),
      failed: (error) => connection.refuse(codeOf(error), textOf(error), true),
    });
    const ask = (): void => {
      if (this.#complete || !this.#isKnownTo(server)) return;
      runtime.log.info('a snapshot is asked for', { server: server.name });
      connection.send({ type: 'snapshotPlease' });
      asking?.cancel();
    };
    return {
      trimmed: (origin, from) => {
        if ((this.#ports.positions()[origin] ?? 0) + 1 >= from || asking) return;
        runtime.log.warn('this server was away for too long to catch up entry by entry', { origin, from });
        asking = every(runtime.timers, askEveryMs, ask, 0);
      },
      part: (message, body) => inbox.take(message, body),
      ended: () => asking?.cancel(),
    };
  }

  /** `server` asked for a snapshot on the connection on which we send to it. */
  async sendTo(connection: LinkConnection, server: ServerDefinition): Promise<void> {
    const { runtime, paths } = this.#ports;
    if (this.#sending) return connection.close('another server is being sent a snapshot; ask again');
    this.#sending = true;
    try {
      const path = paths.snapshotOutgoing(server.coreId);
      const { bytes } = await sendSnapshot(connection, runtime.files, path, (to) => this.#ports.backup(to));
      runtime.log.info('a snapshot was sent', { server: server.name, bytes });
    } catch (error) {
      runtime.log.warn('a snapshot could not be sent', { server: server.name, error: textOf(error) });
      connection.close('the snapshot failed');
    } finally {
      this.#sending = false;
    }
  }

  #isKnownTo(server: ServerDefinition): boolean {
    const theirs = this.#ports.memberPositions(server.coreId);
    if (!theirs) return false;
    const { own } = this.#ports;
    return Object.entries(this.#ports.positions()).every(
      ([origin, seq]) => origin === own || (theirs[origin] ?? 0) >= seq,
    );
  }

  async #received(server: ServerDefinition): Promise<void> {
    const { runtime, paths } = this.#ports;
    if (this.#complete) return;
    await runtime.files.rename(`${paths.snapshotIncoming}-${server.coreId}`, paths.snapshotReady);
    this.#complete = true;
    runtime.log.info('a snapshot was received; it is installed by a restart', { server: server.name });
    this.#ports.restart('a snapshot was received');
  }
}
