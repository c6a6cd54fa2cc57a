import type { LinkConnection } from '../../link/connection.ts';
import type { LinkMessage, LinkMessageOf } from '../../link/messages.ts';
import { deadlineMsMax, signedOrderSchema, type ActionOrder } from '../../model/action.ts';
import { textOf, WatchError } from '../../model/errors.ts';
import { parseJson } from '../../model/parse-json.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Timer } from '../../runtime/clock.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { readSignedOrder } from '../../security/order-signature.ts';
import type { AgentDepot } from '../depot/agent-depot.ts';
import type { AgentConfig } from '../config.ts';
import type { NodeManagers } from '../managers/node-policies.ts';
import { ActionStore, type Ending } from './action-store.ts';
import { ReportSending } from './report-sending.ts';
import { runAction } from './run-action.ts';
import { whyNot, whySuperseded } from './why-not.ts';

/** The protocol that brought actions over the link. */
export const actionsSince = 4;
const runningMax = 4;
const waitingMax = 1_000;
const writeAgainMs = 5_000;
const openAgainMs = 10_000;

interface Options {
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'commands' | 'databases' | 'files' | 'log'>;
  readonly path: string;
  readonly config: Pick<AgentConfig, 'coreId' | 'pool' | 'programs' | 'users'>;
  readonly managers: () => NodeManagers;
  readonly authorityPems: () => readonly string[];
  readonly depot: Pick<AgentDepot, 'whyNot' | 'prepare'>;
}

/** A server that the agent is connected to. */
export interface ActionLink {
  readonly connection: LinkConnection;
  /** Core ID of the server behind it. */
  readonly server: Uuid;
  /** Whether it was reached where the pool, or `node set-primary`, wants the node to be. */
  isHome(): boolean;
}

/** An order that would be begun, and waits for the server's word that it is still time. */
interface Asking {
  readonly order: ActionOrder;
  readonly sinceMs: number;
}

/**
 * What this node is asked to do. Each action goes waiting -> asking (is it still time?) -> running -> ended, and is on the disk
 * before its program is started; a connection that ends takes with it what has not begun, since the pool brings that again.
 */
export class Actions implements AsyncDisposable {
  readonly #options: Options;
  /** Null while the disk does not take it. */
  #opened: ActionStore | null = null;
  #openAgain: Timer | null = null;
  /** What came meanwhile. */
  #held: (readonly [LinkMessage, Uint8Array])[] = [];
  #link: ActionLink | null = null;
  #sending: ReportSending | null = null;
  #waiting: ActionOrder[] = [];
  #asking = new Map<Uuid, Asking>();
  readonly #running = new Map<Uuid, Promise<void>>();
  #stopped = false;

  private constructor(options: Options) {
    this.#options = options;
  }

  /** An agent starts whatever its disk says; until it remembers it does nothing that it is asked. */
  static async open(options: Options): Promise<Actions> {
    const actions = new Actions(options);
    await actions.#open();
    return actions;
  }

  async #open(): Promise<void> {
    const { runtime, path } = this.#options;
    try {
      const store = await ActionStore.open(runtime, path);
      if (this.#stopped) return store[Symbol.dispose]();
      this.#opened = store;
      if (this.#link !== null) this.connected(this.#link);
    } catch (error) {
      runtime.log.error('actions cannot be remembered, so none is begun; tried again', {
        error: textOf(error),
      });
      this.#openAgain = runtime.timers.after(openAgainMs, () => void this.#open());
    }
  }

  get #store(): ActionStore {
    if (this.#opened === null) throw new WatchError('WK_UNAVAILABLE', 'actions cannot be remembered yet');
    return this.#opened;
  }

  /** Programs that run go on; that their end was not seen is told after the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#openAgain?.cancel();
    this.gone();
    this.#opened?.[Symbol.dispose]();
    await Promise.resolve();
  }

  /** Reports that wait are told, whatever comes next. */
  connected(link: ActionLink): void {
    const held = link === this.#link ? this.#held : [];
    this.gone();
    if (link.connection.protocol < actionsSince || this.#stopped) return;
    this.#link = link;
    if (this.#opened === null) return;
    this.#sending = new ReportSending(this.#opened, link.connection, this.#options.runtime.timers);
    this.#sending.pump();
    for (const [message, body] of held) this.receive(message, body);
  }

  gone(): void {
    this.#held = [];
    this.#sending?.stop();
    this.#sending = null;
    this.#link = null;
    this.#waiting = [];
    this.#asking.clear();
  }

  /** What came over that connection. */
  receive(message: LinkMessage, body: Uint8Array): void {
    if (this.#stopped || this.#link === null) return;
    if (this.#opened === null) {
      if (this.#held.length < waitingMax) this.#held.push([message, body]);
      return;
    }
    try {
      if (message.type === 'action') this.#asked(message, body);
      else if (message.type === 'actionGo') this.#go(message);
      else if (message.type === 'actionReportsStored') this.#sending?.answered(message);
      this.#pump();
    } catch (error) {
      // The disk: nothing was begun, and the pool brings it again with the next connection.
      this.#options.runtime.log.error('an action could not be taken', { error: textOf(error) });
    }
  }

  #asked({ id }: LinkMessageOf<'action'>, body: Uint8Array): void {
    if (this.#store.knows(id)) return;
    const read = this.#read(body);
    const known = this.#asking.get(id)?.order ?? this.#waiting.find((order) => order.id === id);
    if (known !== undefined) return 'order' in read ? this.#again(known, read.order) : undefined;
    if ('refused' in read) return this.#refuse(id, null, read.refused);
    const { order } = read;
    if (order.id !== id) return this.#refuse(id, null, 'what came is another action');
    const because =
      this.#waiting.length >= waitingMax ? 'too many actions wait on this node' : this.#whyNot(order);
    if (because !== null) return this.#refuse(id, order, because);
    this.#waiting.push(order);
  }

  /** A new holder of a role says in its own name what the one before decided. */
  #again(known: ActionOrder, order: ActionOrder): void {
    const { id } = known;
    if (order.id !== id || (order.decision?.epoch ?? 0) <= (known.decision?.epoch ?? 0)) return;
    const asking = this.#asking.get(id);
    if (asking !== undefined) this.#asking.set(id, { ...asking, order });
    this.#waiting = this.#waiting.map((one) => (one.id === id ? order : one));
  }

  #read(body: Uint8Array): ReturnType<typeof readSignedOrder> {
    const { config, authorityPems, runtime } = this.#options;
    const signed = signedOrderSchema.safeParse(parseJson(body));
    if (!signed.success) return { refused: 'what came is no signed order' };
    const believed = { authorityPems: authorityPems(), pool: config.pool, nowMs: runtime.clock.wallMs() };
    return readSignedOrder(signed.data, believed);
  }

  #pump(): void {
    while (this.#running.size + this.#asking.size < runningMax) {
      const order = this.#waiting.shift();
      if (order === undefined) break;
      this.#asking.set(order.id, { order, sinceMs: this.#options.runtime.clock.monotonicMs() });
      this.#link?.connection.send({ type: 'actionReady', id: order.id });
    }
    this.#sending?.pump();
  }

  #go({ id, withinMs }: LinkMessageOf<'actionGo'>): void {
    const asking = this.#asking.get(id);
    if (asking === undefined) return;
    this.#asking.delete(id);
    const { clock } = this.#options.runtime;
    const { order, sinceMs } = asking;
    if (clock.monotonicMs() - sinceMs >= withinMs)
      return this.#refuse(id, order, 'it was too late to begin when this node was ready');
    // The policies may be others than when it was taken.
    const because = this.#whyNot(order);
    if (because !== null) return this.#refuse(id, order, because);
    const superseded = whySuperseded(order, (role) => this.#store.epochOf(role));
    if (superseded !== null)
      return this.#options.runtime.log.warn('an action is left to who decides now', {
        id,
        because: superseded,
      });
    this.#store.started(order, clock.wallMs());
    this.#running.set(id, this.#run(order));
  }

  async #run(order: ActionOrder): Promise<void> {
    const { runtime, depot } = this.#options;
    const { id, tool, by, from, command } = order;
    runtime.log.info('an action begins', { id, tool, by, server: from.name, program: command[0] });
    const onOutput: Parameters<typeof runAction>[0]['onOutput'] = (pieces) =>
      this.#write(() => this.#store.printed(id, pieces));
    const ending = await runAction({ runtime, depot, onOutput }, order);
    runtime.log.info('an action has ended', { id, tool, result: ending.result, because: ending.because });
    this.#running.delete(id);
    this.#write(() => this.#store.ended(id, ending));
    if (!this.#stopped) this.#pump();
  }

  /** A disk that takes nothing now may later. After the end of the agent nothing is written: the next start tells of it. */
  #write(what: () => void): void {
    if (this.#stopped) return;
    const { timers, log } = this.#options.runtime;
    try {
      what();
      this.#sending?.pump();
    } catch (error) {
      log.error('what became of an action could not be written down, and is tried again', {
        error: textOf(error),
      });
      timers.after(writeAgainMs, () => this.#write(what));
    }
  }

  #whyNot(order: ActionOrder): string | null {
    const { config, managers } = this.#options;
    return whyNot(order, {
      node: config.coreId,
      config,
      managers: managers(),
      isPrimary: (server) => this.#isPrimary(server),
      whyNotFiles: (files) => this.#options.depot.whyNot(files),
      whyForgotten: (asked) => this.#store.whyForgotten(asked),
    });
  }

  /** By its core ID; where the primary manager is an address that moves, whoever is behind it now. */
  #isPrimary(server: Uuid): boolean {
    const { primary } = this.#options.managers();
    if (primary?.coreId !== undefined) return primary.coreId === server;
    return this.#link?.server === server && this.#link.isHome();
  }

  #refuse(id: Uuid, order: ActionOrder | null, because: string): void {
    const { clock, log } = this.#options.runtime;
    log.warn('an action is not done', { id, tool: order?.tool ?? null, because });
    const atMs = clock.wallMs();
    const ending: Ending = {
      atMs,
      result: 'not done',
      exitCode: null,
      because: because.slice(0, 1_024),
      cut: false,
    };
    this.#store.refused(id, order?.deadlineMs ?? atMs + deadlineMsMax, ending);
  }
}
