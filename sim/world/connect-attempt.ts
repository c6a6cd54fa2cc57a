import { WatchError, type ErrorCode } from '../../src/model/errors.ts';
import type { ConnectOptions, Transport } from '../../src/runtime/network.ts';
import type { Connection } from './connection.ts';
import type { Links } from './links.ts';
import type { SimProcess } from './process.ts';
import type { Scheduler, SimEvent } from './scheduler.ts';

/** Whoever listens at an address now. */
export interface Door {
  readonly process: SimProcess;
  /** False when it refuses the certificate; otherwise `connected` runs in `process` once the answer is there. */
  accept(process: SimProcess, options: ConnectOptions, connected: (connection: Connection) => void): boolean;
}

export interface AttemptWorld {
  readonly scheduler: Scheduler;
  readonly links: Links;
  doorAt(address: string): Door | null;
  siteOf(address: string): string | null;
}

/** One connection being made. A cut on the way or a frozen listener is met by silence until the time-out. */
export class ConnectAttempt {
  readonly #world: AttemptWorld;
  readonly #process: SimProcess;
  readonly #options: ConnectOptions;
  readonly #address: string;
  readonly #site: string;
  readonly #resolve: (transport: Transport) => void;
  readonly #reject: (error: WatchError) => void;
  #timeout: SimEvent | null = null;
  #open = true;

  constructor(
    world: AttemptWorld,
    process: SimProcess,
    options: ConnectOptions,
    resolve: (transport: Transport) => void,
    reject: (error: WatchError) => void,
  ) {
    this.#world = world;
    this.#process = process;
    this.#options = options;
    const { host, port } = new URL(options.url);
    this.#address = port === '' ? `${host}:443` : host;
    this.#site = world.siteOf(this.#address) ?? process.site;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(): void {
    const { scheduler, links } = this.#world;
    if (this.#options.signal?.aborted) return this.#aborted();
    this.#options.signal?.addEventListener('abort', this.#aborted);
    const startMs = this.#process.localMs();
    const timedOut = (): void => this.#fail('WK_TIMEOUT', 'no answer in time');
    this.#timeout = scheduler.at(startMs + this.#options.timeoutMs, 'connect timeout', timedOut, {
      owner: this.#process,
    });
    // Three round trips: TCP, TLS and the upgrade.
    const onWayMs = 3 * links.delayMs(this.#process.site, this.#site) + 2 * this.#backMs();
    scheduler.at(startMs + onWayMs, 'connecting', () => this.#arrive());
  }

  #backMs(): number {
    return this.#world.links.delayMs(this.#site, this.#process.site);
  }

  #arrive(): void {
    const { links, scheduler } = this.#world;
    if (links.isCut(this.#process.site, this.#site) || links.isCut(this.#site, this.#process.site)) return;
    const door = this.#world.doorAt(this.#address);
    if (door) return void scheduler.after(0.05, 'accept', () => this.#accept(door), { owner: door.process });
    const refused = (): void => this.#fail('WK_UNREACHABLE', 'connection refused');
    scheduler.after(this.#backMs(), 'refused', refused, { owner: this.#process });
  }

  #accept(door: Door): void {
    if (!this.#open || !this.#process.alive || this.#world.doorAt(this.#address)?.process !== door.process)
      return;
    if (door.accept(this.#process, this.#options, (connection) => this.#connected(connection))) return;
    const refused = (): void => this.#fail('WK_UNAUTHENTICATED', 'the certificate is not one of this pool');
    this.#world.scheduler.after(this.#backMs(), 'refused', refused, { owner: this.#process });
  }

  #connected(connection: Connection): void {
    if (this.#open) this.#finish(() => this.#resolve(connection.ends[0]));
    else connection.ends[0].terminate();
  }

  readonly #aborted = (): void => this.#fail('WK_UNREACHABLE', 'given up');

  #fail(code: ErrorCode, text: string): void {
    this.#finish(() => this.#reject(new WatchError(code, `${this.#options.url}: ${text}`)));
  }

  #finish(act: () => void): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#timeout) this.#timeout.cancelled = true;
    this.#options.signal?.removeEventListener('abort', this.#aborted);
    act();
  }
}
