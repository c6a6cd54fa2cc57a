import type { Journal } from '../../journal/journal.ts';
import type { LinkClose, LinkConnection } from '../../link/connection.ts';
import { dialLink } from '../../link/dial-link.ts';
import type { LinkMessageOf } from '../../link/messages.ts';
import type { ServerDefinition } from '../../model/definitions.ts';
import { codeOf, textOf, WatchError } from '../../model/errors.ts';
import type { Positions } from '../../model/origin.ts';
import { publishedUrls } from '../../model/published-addresses.ts';
import type { Revocation } from '../../model/trust.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Credentials } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleep } from '../../runtime/timing.ts';
import type { ServerDepot } from '../depot/server-depot.ts';
import { PeerSender } from './peer-sender.ts';

const retryMsMin = 100;
const retryMsMax = 2_000;
const connectTimeoutMs = 3_000;

export interface PeersOptions {
  readonly runtime: Runtime;
  readonly journal: Journal;
  readonly self: { readonly coreId: Uuid; readonly name: string; readonly version: string };
  readonly pool: Uuid;
  readonly messageBytesMax: number;
  credentials(): Credentials;
  readonly depot: Pick<ServerDepot, 'serve' | 'introduction'>;
  /** A member told what it has; `message` carries hashes and epochs where it had them. */
  told(server: ServerDefinition, positions: Positions, message: LinkMessageOf<'positions'> | null): void;
  /** A member answers a question of ours. */
  answered(server: ServerDefinition, message: LinkMessageOf<'confirmed'>): void;
  /** A member says who was revoked; it does so in its welcome, and whenever that changes. */
  revoked(server: ServerDefinition, revoked: readonly Revocation[]): void;
  /** The connection to a member is gone. */
  gone(server: ServerDefinition): void;
  /** A member asks for a snapshot, to be sent on this connection. */
  snapshotPlease(server: ServerDefinition, connection: LinkConnection): void;
}

interface Dialled {
  readonly server: ServerDefinition;
  readonly stop: AbortController;
}

/** Dials every other server of the pool and keeps at it: one connection each, on which our journal goes out. */
export class Peers {
  readonly #options: PeersOptions;
  readonly #dialled = new Map<Uuid, Dialled>();
  readonly #senders = new Map<Uuid, PeerSender>();

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  /** The servers that the pool lists now; whoever is new is dialled, whoever is gone or moved is let go. */
  list(servers: readonly ServerDefinition[]): void {
    const others = servers.filter((server) => server.coreId !== this.#options.self.coreId);
    for (const [coreId, { server, stop }] of this.#dialled) {
      const still = others.find((other) => other.coreId === coreId);
      if (still && isReachedAlike(still, server) && still.name === server.name) continue;
      this.#dialled.delete(coreId);
      stop.abort();
      // Now, not when the old connection has ended: by then a new one may count.
      this.#options.gone(server);
    }
    for (const server of others) {
      if (this.#dialled.has(server.coreId)) continue;
      const stop = new AbortController();
      this.#dialled.set(server.coreId, { server, stop });
      void this.#keepDialling(server, stop.signal);
    }
  }

  /** Asks a member, if it is connected; nothing tells when it is not. */
  ask(coreId: Uuid, question: LinkMessageOf<'confirmPlease'>): void {
    this.#senders.get(coreId)?.ask(question);
  }

  /** To every member that is connected. */
  tell(standing: LinkMessageOf<'standing'>): void {
    for (const sender of this.#senders.values()) sender.tell(standing);
  }

  tellDepot(message: LinkMessageOf<'depotHave'>): void {
    for (const sender of this.#senders.values()) sender.tellDepot(message);
  }

  close(): void {
    this.list([]);
  }

  async #keepDialling(server: ServerDefinition, signal: AbortSignal): Promise<void> {
    const { timers, random, log } = this.#options.runtime;
    const urls = publishedUrls(server);
    let waitMs = retryMsMin;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const url = urls[attempt % urls.length] ?? server.url;
      try {
        const wasRefused = await this.#serve(server, url, signal);
        waitMs = wasRefused ? Math.min(retryMsMax, waitMs * 2) : retryMsMin;
      } catch (error) {
        log.debug('another server could not be reached', {
          server: server.name,
          url,
          code: codeOf(error),
          error: textOf(error),
        });
        waitMs = Math.min(retryMsMax, waitMs * 2);
      }
      if (!signal.aborted) await sleep(timers, waitMs / 2 + random.int(waitMs), signal);
    }
  }

  /** One connection, until it ends; true when the member refused to go on (its disk is full, say). */
  async #serve(server: ServerDefinition, url: string, signal: AbortSignal): Promise<boolean> {
    const { runtime, journal, self, pool, messageBytesMax } = this.#options;
    const { connection, welcome } = await dialLink(runtime, {
      connect: {
        url,
        credentials: this.#options.credentials(),
        pool,
        timeoutMs: connectTimeoutMs,
        messageBytesMax,
        signal,
      },
      self: 'server',
      hello: { name: self.name, version: self.version, origin: journal.origin },
    });
    if (signal.aborted) {
      connection.close('not needed any more');
      return false;
    }
    if (connection.peer.coreId !== server.coreId) {
      connection.close('this is another server than the pool lists at this address');
      throw new WatchError('WK_UNREACHABLE', `${url} is not ${server.name} but another server of the pool`);
    }
    this.#options.revoked(server, welcome.revoked ?? []);
    const stop = (): void => connection.close('this server stops or the pool changed');
    signal.addEventListener('abort', stop);
    const because = await new Promise<LinkClose['because']>((resolve) => {
      const sender = new PeerSender(connection, welcome.positions ?? {}, {
        ...runtime,
        journal,
        own: self.coreId,
        depot: this.#options.depot,
        peerName: server.name,
        told: (positions, message) => this.#options.told(server, positions, message),
        revoked: ({ revoked }) => this.#options.revoked(server, revoked),
        answered: (message) => this.#options.answered(server, message),
        snapshotPlease: (asking) => this.#options.snapshotPlease(server, asking),
      });
      this.#senders.set(server.coreId, sender);
      connection.onClose((close) => {
        sender.ended();
        if (this.#senders.get(server.coreId) === sender) this.#senders.delete(server.coreId);
        runtime.log.info('connection to another server ended', {
          server: server.name,
          because: close.because,
          text: close.text,
        });
        resolve(close.because);
      });
    });
    signal.removeEventListener('abort', stop);
    if (!signal.aborted) this.#options.gone(server);
    return because === 'refused by the peer';
  }
}

function isReachedAlike(one: ServerDefinition, other: ServerDefinition): boolean {
  return publishedUrls(one).join() === publishedUrls(other).join();
}
