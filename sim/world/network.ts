import { WatchError } from '../../src/model/errors.ts';
import type { Identity } from '../../src/model/identity.ts';
import type { ConnectOptions, Listener, ListenOptions, Transport } from '../../src/runtime/network.ts';
import { ConnectAttempt, type Door } from './connect-attempt.ts';
import { Connection, type ConnectionWorld } from './connection.ts';
import { identityOf } from './credentials.ts';
import { Links } from './links.ts';
import { LocalSockets } from './local-sockets.ts';
import type { SimProcess } from './process.ts';
import type { SeededRandom } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';

/**
 * All connections of the world and the table of who listens where: an address belongs to whoever listens on it, so
 * that a virtual interface moves with its holder.
 */
export class SimNetwork {
  readonly links: Links;
  readonly local: LocalSockets;
  readonly #world: ConnectionWorld;
  readonly #doors = new Map<string, Door>();
  readonly #lastSite = new Map<string, string>();
  readonly #connections = new Map<Connection, Door>();
  #connectionLast = 0;
  #portLast = 40_000;

  constructor(scheduler: Scheduler, random: SeededRandom, trace: Trace) {
    this.links = new Links(random.fork('links'));
    this.local = new LocalSockets(scheduler);
    this.#world = {
      scheduler,
      random: random.fork('connections'),
      links: this.links,
      trace,
      ended: (connection) => this.#connections.delete(connection),
    };
  }

  get connections(): readonly Connection[] {
    return [...this.#connections.keys()];
  }

  /** Who listens at `HOST:PORT` now. */
  listenerAt(address: string): SimProcess | null {
    return this.#doors.get(address)?.process ?? null;
  }

  listen(process: SimProcess, options: ListenOptions): Listener {
    const port = options.port === 0 ? (this.#portLast += 1) : options.port;
    const address = `${options.host}:${port}`;
    if (isIp(options.host) && !process.machine.kernel.has(options.host))
      throw new WatchError('WK_UNAVAILABLE', `${address}: no interface of this machine has the address`);
    // On another machine it is a virtual interface that moves: the network follows whoever has it last.
    if (this.#doors.get(address)?.process.machine === process.machine)
      throw new WatchError('WK_PORT_IN_USE', `${address} is in use`);
    let identity = identityOf(options.credentials);
    const door: Door = {
      process,
      accept: (from, asked, connected) => {
        const connection = this.#accept(door, { identity, options }, from, asked);
        if (connection === null) return false;
        connection.greet(() => connected(connection));
        options.onTransport(connection.ends[1]);
        return true;
      },
    };
    this.#doors.set(address, door);
    this.#lastSite.set(address, process.site);
    const stop = (): void => {
      if (this.#doors.get(address) === door) this.#doors.delete(address);
    };
    process.onDeath(stop);
    return {
      host: options.host,
      port,
      showByName: () => undefined,
      replaceCredentials: (credentials) => {
        identity = identityOf(credentials);
      },
      // Nobody shows a certificate here; the gateway drops whom the pool does not know.
      recheck: () => undefined,
      close: () => {
        stop();
        for (const [connection, through] of this.#connections)
          if (through === door) connection.ends[1].terminate();
        return process.later('listener closed', 1, () => undefined);
      },
    };
  }

  #accept(
    door: Door,
    listening: { identity: Identity; options: ListenOptions },
    process: SimProcess,
    asked: ConnectOptions,
  ): Connection | null {
    const newcomer = identityOf(asked.credentials);
    const { identity, options } = listening;
    if (newcomer.pool !== options.pool || identity.pool !== asked.pool || identity.kind !== 'server')
      return null;
    this.#connectionLast += 1;
    const connection = new Connection(
      this.#connectionLast,
      this.#world,
      { process, peer: identity, messageBytesMax: asked.messageBytesMax },
      { process: door.process, peer: newcomer, messageBytesMax: options.messageBytesMax },
    );
    this.#connections.set(connection, door);
    return connection;
  }

  /** What a checker may want to see: who tries to connect, and how it ends. */
  onAttempt: (process: SimProcess, what: 'starts' | 'fails' | 'connects') => void = () => undefined;

  /** Behind a gate that is shut, or on a machine that has the address no more, nobody is found. */
  #openDoor(address: string): Door | null {
    const door = this.#doors.get(address) ?? null;
    const [host = ''] = address.split(':');
    if (door === null || !isIp(host) || door.process.machine.kernel.answers(host)) return door;
    return null;
  }

  connect(process: SimProcess, options: ConnectOptions): Promise<Transport> {
    this.onAttempt(process, 'starts');
    const world = {
      scheduler: this.#world.scheduler,
      links: this.links,
      doorAt: (address: string) => this.#openDoor(address),
      siteOf: (address: string) =>
        this.#doors.get(address)?.process.site ?? this.#lastSite.get(address) ?? null,
    };
    return new Promise((resolve, reject) => {
      const connected = (transport: Transport): void => {
        this.onAttempt(process, 'connects');
        resolve(transport);
      };
      const failed = (error: WatchError): void => {
        this.onAttempt(process, 'fails');
        reject(error);
      };
      new ConnectAttempt(world, process, options, connected, failed).start();
    });
  }
}

/** Names are just there; an address is where a kernel has it. */
function isIp(host: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(host);
}
