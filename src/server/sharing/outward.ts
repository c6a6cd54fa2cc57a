import { dialLink } from '../../link/dial-link.ts';
import type { LinkConnection } from '../../link/connection.ts';
import { codeOf, textOf, WatchError } from '../../model/errors.ts';
import type { ManagerSystem } from '../../model/policy.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Credentials } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleep } from '../../runtime/timing.ts';

const retryMsMin = 200;
const retryMsMax = 10_000;
const connectTimeoutMs = 3_000;
/** The protocol that brought sharing. */
const shareSince = 4;

/** Another pool as it is dialled: its servers in the order in which they are tried. */
export interface DialledPool {
  readonly id: Uuid;
  readonly name: string;
  readonly servers: readonly ManagerSystem[];
  readonly authorities: readonly string[];
}

/** What serves a connection; `ended` is called once, after the last message. */
interface Exchange {
  pump(): void;
  ended(): void;
}

interface Ports {
  readonly runtime: Pick<Runtime, 'network' | 'clock' | 'timers' | 'random' | 'log'>;
  readonly self: { readonly name: string; readonly version: string };
  readonly messageBytesMax: number;
  credentials(): Credentials;
  serve(connection: LinkConnection, pool: DialledPool): Exchange;
}

interface Dialled {
  readonly text: string;
  readonly stop: AbortController;
  exchange: Exchange | null;
  connectedTo: string | null;
  problem: string | null;
}

/** The connections of the acting server to other pools, one each. Its servers are tried in order, again and again. */
export class Outward {
  readonly #ports: Ports;
  readonly #dialled = new Map<Uuid, Dialled>();

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Those that are to be connected from now on; none ends all. */
  set(pools: readonly DialledPool[]): void {
    const wanted = new Map(pools.map((pool) => [pool.id, pool]));
    for (const [id, { text, stop }] of this.#dialled)
      if (JSON.stringify(wanted.get(id)) !== text) {
        this.#dialled.delete(id);
        stop.abort();
      }
    for (const pool of pools) if (!this.#dialled.has(pool.id)) this.#begin(pool);
  }

  pump(): void {
    for (const { exchange } of this.#dialled.values()) exchange?.pump();
  }

  /** Null for a pool that is not dialled here. */
  statusOf(pool: Uuid): { readonly connectedTo: string | null; readonly problem: string | null } | null {
    return this.#dialled.get(pool) ?? null;
  }

  #begin(pool: DialledPool): void {
    const dialled: Dialled = {
      text: JSON.stringify(pool),
      stop: new AbortController(),
      exchange: null,
      connectedTo: null,
      problem: 'not connected yet',
    };
    this.#dialled.set(pool.id, dialled);
    void this.#keepDialling(pool, dialled);
  }

  async #keepDialling(pool: DialledPool, dialled: Dialled): Promise<void> {
    const { timers, random } = this.#ports.runtime;
    const { signal } = dialled.stop;
    let waitMs = retryMsMin;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const server = pool.servers[attempt % pool.servers.length];
      if (!server) return;
      try {
        const because = await this.#serve(pool, server, dialled);
        waitMs = retryMsMin;
        this.#failed(pool, server, dialled, new WatchError('WK_UNREACHABLE', because));
      } catch (error) {
        this.#failed(pool, server, dialled, error);
      }
      const isRound = (attempt + 1) % pool.servers.length === 0;
      if (isRound) waitMs = Math.min(retryMsMax, waitMs * 2);
      if (!signal.aborted) await sleep(timers, waitMs / 2 + random.int(waitMs), signal);
    }
  }

  /** Logged when it is news: a pool may be away for days. */
  #failed({ name }: DialledPool, server: ManagerSystem, dialled: Dialled, error: unknown): void {
    if (dialled.stop.signal.aborted) return;
    const problem = `${server.name}: ${textOf(error)}`.slice(0, 512);
    if (problem !== dialled.problem)
      this.#ports.runtime.log.warn('another pool could not be reached', {
        pool: name,
        code: codeOf(error),
        problem,
      });
    dialled.problem = problem;
  }

  /** One connection, until it ends, and why it did. */
  async #serve(pool: DialledPool, server: ManagerSystem, dialled: Dialled): Promise<string> {
    const { runtime, self, messageBytesMax } = this.#ports;
    const { signal } = dialled.stop;
    const { connection, welcome } = await dialLink(runtime, {
      connect: {
        url: server.url,
        credentials: { ...this.#ports.credentials(), authorityPems: pool.authorities },
        pool: pool.id,
        timeoutMs: connectTimeoutMs,
        messageBytesMax,
        signal,
      },
      self: 'server',
      hello: { name: self.name, version: self.version },
    });
    const notNeeded = 'this server does not act any more, or definitions have changed';
    if (signal.aborted) {
      connection.close(notNeeded);
      return notNeeded;
    }
    if (connection.protocol < shareSince) {
      connection.close('this server is too old to be shared with');
      throw new WatchError(
        'WK_PROTOCOL',
        `pool ${pool.name} runs version ${welcome.version}, which cannot be shared with`,
      );
    }
    runtime.log.info('connected to another pool', { pool: pool.name, server: welcome.name });
    const stop = (): void => connection.close(notNeeded);
    signal.addEventListener('abort', stop);
    const exchange = this.#ports.serve(connection, pool);
    dialled.exchange = exchange;
    dialled.connectedTo = welcome.name;
    dialled.problem = null;
    const because = await new Promise<string>((resolve) =>
      connection.onClose((close) => resolve(`${close.because}: ${close.text}`)),
    );
    signal.removeEventListener('abort', stop);
    exchange.ended();
    dialled.exchange = null;
    dialled.connectedTo = null;
    return because;
  }
}
