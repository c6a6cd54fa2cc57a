import { z } from 'zod';
import { dialLink, RefusedError } from '../../link/dial-link.ts';
import type { LinkClose, LinkConnection } from '../../link/connection.ts';
import type { LinkMessageOf } from '../../link/messages.ts';
import { codeOf, errorTable, textOf } from '../../model/errors.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Timer } from '../../runtime/clock.ts';
import type { Credentials } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Actions } from '../actions/actions.ts';
import type { NodeName } from '../buffer/batch.ts';
import type { Buffer } from '../buffer/buffer.ts';
import type { Lane } from '../buffer/lane.ts';
import type { FetchDepot } from '../depot/fetch-depot.ts';
import type { DeployedPolicies } from '../deployed/deployed-policies.ts';
import {
  homeFirst,
  mergeServers,
  primaryFirst,
  startManager,
  stepManager,
  type ManagerEvent,
  type ManagerState,
} from './choose-manager.ts';
import { Sending } from './sending.ts';

export interface StreamOptions {
  readonly runtime: Pick<Runtime, 'clock' | 'timers' | 'random' | 'network' | 'log'>;
  readonly node: NodeName;
  readonly pool: Uuid;
  /** What is sent; of the agent's own pool the lane with the empty target. */
  readonly lane: Lane;
  /** As configured; what the pool lists is remembered in the buffer and comes first. */
  readonly servers: readonly string[];
  /** Those of the next connection; null before this node has joined its pool. */
  credentials(): Credentials | null;
  /** Joins the pool by that server. */
  enrol(server: string): Promise<Credentials>;
  /** The server says whom to believe from now on. */
  trusted(message: LinkMessageOf<'trust'>): void;
  /** A server did not believe us, or we it: a new certificate may help. */
  disbelieved(): void;
  readonly version: string;
  readonly system?: string | undefined;
  readonly buffer: Buffer;
  /** Null for another pool than the agent's own, which has nothing to say about what the node does. */
  readonly policies: Pick<DeployedPolicies, 'running' | 'take'> | null;
  /** Null for another pool, which has nothing to ask of the node. */
  readonly actions: Pick<Actions, 'connected' | 'gone' | 'receive'> | null;
  /** Null likewise. */
  readonly depot: FetchDepot | null;
  /** Where the primary manager is reached that this node was given; null: whoever the pool lists first. */
  primary(): string | null;
}

export interface StreamStatus {
  readonly phase: 'waiting' | 'dialling' | 'live';
  /** Connected to, or dialled; null while waiting. */
  readonly server: string | null;
  readonly serverName: string | null;
  readonly connectedSinceMs: number | null;
  readonly servers: readonly string[];
  readonly unanswered: number;
  readonly awaitingSecond: number;
  /** Why nothing goes out, or why the last server did not work out; null when all is well. */
  readonly problem: { readonly server: string; readonly code: string; readonly text: string } | null;
}

interface Live {
  readonly server: string;
  readonly name: string;
  readonly sinceMs: number;
  readonly connection: LinkConnection;
  readonly sending: Sending;
}

const dialTimeoutMs = 3_000;
/** The protocol that brought policies over the link. */
const policiesSince = 3;
const messageBytesMax = 2_097_152;
const windowBatchesDefault = 16;
const serverListSchema = z.array(z.string().max(1_024)).max(64);

/** The agent's connection to the pool: carries out what stepManager decides, and owns the sending over it. */
export class AgentStream implements AsyncDisposable {
  readonly #options: StreamOptions;
  readonly #stop = new AbortController();
  /** Under which key of the buffer the pool's list is kept. */
  readonly #remembered: string;
  /** As the pool told last. */
  #told: readonly string[];
  #state: ManagerState;
  #live: Live | null = null;
  #timer: Timer | null = null;
  #problem: StreamStatus['problem'] = null;

  constructor(options: StreamOptions) {
    this.#options = options;
    const { target } = options.lane;
    this.#remembered = target === '' ? 'servers' : `servers of ${target}`;
    this.#told = serversIn(options.buffer.state(this.#remembered));
    this.#state = startManager(this.#inOrder());
    this.#step({ kind: 'start' });
  }

  /** Messages came into the buffer. */
  appended(): void {
    this.#live?.sending.pump();
  }

  /** To a server that understands it. */
  tellPolicies(): void {
    const { policies } = this.#options;
    const connection = this.#live?.connection;
    if (policies && connection && connection.protocol >= policiesSince)
      connection.send({ type: 'policiesRunning', ...policies.running });
  }

  /** Another primary manager: the stream goes to it as soon as it answers, not all agents at once. */
  primaryChanged(): void {
    const servers = this.#inOrder();
    if (servers[0] === this.#state.servers[0]) return;
    this.#step({ kind: 'servers', servers });
    this.#step({ kind: 'goBack' });
  }

  get status(): StreamStatus {
    const live = this.#live;
    const objection = live?.sending.objection;
    return {
      phase: this.#state.phase,
      server: this.#state.current,
      serverName: live?.name ?? null,
      connectedSinceMs: live?.sinceMs ?? null,
      servers: this.#state.servers,
      unanswered: live?.sending.unanswered ?? 0,
      awaitingSecond: live?.sending.awaitingSecond ?? 0,
      problem: live && objection ? { server: live.server, ...objection } : this.#problem,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#timer?.cancel();
    this.#drop('the agent is stopping');
    await Promise.resolve();
  }

  #step(event: ManagerEvent): void {
    if (this.#stop.signal.aborted) return;
    const { clock, random } = this.#options.runtime;
    const draw = random.int(1_000_000) / 1_000_000;
    const [state, effects] = stepManager(this.#state, event, clock.monotonicMs(), draw);
    this.#state = state;
    for (const effect of effects)
      if (effect.kind === 'dial') void this.#dial(effect.server);
      else this.#wait(effect.ms);
  }

  #wait(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.runtime.timers.after(ms, () => this.#step({ kind: 'timer' }));
  }

  /** Never rejects: what goes wrong is an event. */
  async #dial(server: string): Promise<void> {
    const { runtime, pool, node, version, system } = this.#options;
    try {
      const connect = {
        url: server,
        credentials: this.#options.credentials() ?? (await this.#options.enrol(server)),
        pool,
        timeoutMs: dialTimeoutMs,
        messageBytesMax,
        signal: this.#stop.signal,
      };
      const hello = { name: node.name, version, dialled: server, ...(system !== undefined && { system }) };
      const { connection, welcome } = await dialLink(runtime, { connect, self: 'agent', hello });
      this.#opened(server, connection, welcome);
    } catch (error) {
      this.#dialFailed(server, error);
    }
  }

  #dialFailed(server: string, error: unknown): void {
    if (this.#stop.signal.aborted) return;
    const code = codeOf(error);
    const retry = error instanceof RefusedError ? error.retry : errorTable[code].retry;
    this.#note(server, code, textOf(error), retry);
    if (code === 'WK_UNAUTHENTICATED') this.#options.disbelieved();
    this.#step({ kind: 'failed', server, retry });
  }

  /** Logged when it is news only: an agent retries for days. */
  #note(server: string, code: string, text: string, retry: boolean): void {
    const { log } = this.#options.runtime;
    const known = this.#problem?.server === server && this.#problem.code === code;
    this.#problem = { server, code, text };
    if (known) return;
    if (retry) log.info('a server could not be used', { server, code, text });
    else log.error('a server refused this agent; a person has to act', { server, code, text });
  }

  #opened(server: string, connection: LinkConnection, welcome: LinkMessageOf<'welcome'>): void {
    const overtaken = this.#state.phase === 'live' && !this.#state.returning;
    if (this.#stop.signal.aborted || overtaken) return connection.close('not needed any more');
    this.#drop('returning to the primary');
    const { runtime, lane } = this.#options;
    const sending = new Sending({
      runtime,
      connection,
      lane,
      windowBatches: welcome.windowBatches ?? windowBatchesDefault,
      onStuck: (why) => this.#leave(connection, why),
      onServers: ({ servers, interfaces }) => this.#learn(servers, interfaces),
      onTrust: (message) => this.#options.trusted(message),
      onGoBack: (message) => this.#goBack(connection, message),
      onPolicies: (message, body) => void this.#takePolicies(connection, message, body),
      onOther: (message, body) => {
        this.#options.actions?.receive(message, body);
        this.#options.depot?.take(message, body);
      },
    });
    this.#options.depot?.connected(connection);
    this.#live = { server, name: welcome.name, sinceMs: runtime.clock.wallMs(), connection, sending };
    this.#problem = null;
    runtime.log.info('connected', { server, name: welcome.name });
    const spread =
      welcome.reconnectSpreadMs === undefined ? {} : { spreadMs: Math.max(100, welcome.reconnectSpreadMs) };
    this.#step({ kind: 'connected', server, ...spread });
    this.#learn(welcome.servers, welcome.interfaces);
    this.tellPolicies();
    const isHome = (): boolean => server === this.#state.servers[0];
    this.#options.actions?.connected({ connection, server: welcome.coreId, isHome });
    sending.pump();
    // Last, since a connection that is over already says so at once.
    connection.onClose((close) => this.#closed(connection, close));
  }

  /** The pool's list replaces the last one, on disk too, so that an agent finds its pool after years of changes. */
  #learn(told: readonly string[] | undefined, interfaces = 0): void {
    if (!told || told.length === 0) return;
    const { buffer, servers: configured, runtime } = this.#options;
    const servers = homeFirst(told, interfaces, configured);
    const value = JSON.stringify(servers);
    this.#told = servers;
    this.#step({ kind: 'servers', servers: this.#inOrder() });
    if (value === buffer.state(this.#remembered)) return;
    buffer
      .append({ drafts: [], state: { [this.#remembered]: value } })
      .catch((error: unknown) =>
        runtime.log.warn('the list of servers could not be remembered', { why: textOf(error) }),
      );
  }

  /** The primary manager first, if the pool still has it. */
  #inOrder(): readonly string[] {
    const { servers } = this.#options;
    return primaryFirst(mergeServers(this.#told, servers), this.#options.primary());
  }

  #closed(connection: LinkConnection, close: LinkClose): void {
    const live = this.#live;
    if (live?.connection !== connection) return;
    this.#live = null;
    this.#options.depot?.lost();
    live.sending.stop();
    this.#options.actions?.gone();
    this.#note(live.server, close.code ?? 'WK_UNREACHABLE', `${close.because}: ${close.text}`, close.retry);
    this.#step({ kind: 'lost', retry: close.retry });
  }

  #leave(connection: LinkConnection, why: string): void {
    const live = this.#live;
    if (live?.connection !== connection || this.#state.servers.length < 2) return;
    this.#options.runtime.log.warn('leaving a server', { server: live.server, why });
    this.#drop(why);
    this.#step({ kind: 'leave' });
  }

  /** The interface may be younger than this connection: the list comes first. */
  #goBack(connection: LinkConnection, { text, servers, interfaces }: LinkMessageOf<'goBack'>): void {
    if (this.#live?.connection !== connection) return;
    this.#options.runtime.log.info('sent back to the primary', { by: this.#live.name, why: text });
    this.#learn(servers, interfaces);
    this.#step({ kind: 'goBack' });
  }

  async #takePolicies(
    connection: LinkConnection,
    { generation, digest }: LinkMessageOf<'policies'>,
    body: Uint8Array,
  ): Promise<void> {
    const { policies } = this.#options;
    if (policies === null) return;
    await policies.take({ generation, digest, text: new TextDecoder().decode(body) });
    if (this.#live?.connection === connection) this.tellPolicies();
  }

  #drop(why: string): void {
    const live = this.#live;
    this.#live = null;
    this.#options.depot?.lost();
    live?.sending.stop();
    if (live) this.#options.actions?.gone();
    live?.connection.close(why);
  }
}

function serversIn(stored: string | null): readonly string[] {
  if (stored === null) return [];
  const parsed = serverListSchema.safeParse(JSON.parse(stored));
  return parsed.success ? parsed.data : [];
}
