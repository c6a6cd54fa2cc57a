import type { Coordination } from '../coordination/coordination.ts';
import { Mirror } from '../definitions/mirror.ts';
import { encodeBody } from '../journal/body.ts';
import type { ServerDefinition } from '../model/definitions.ts';
import type { Origin } from '../model/origin.ts';
import type { Parent } from '../runtime/commands.ts';
import type { Credentials, HttpHandler, Listener } from '../runtime/network.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { Acting } from './acting.ts';
import type { ServerConfig } from './config.ts';
import { CoordinatorWatch } from './coordinator-watch.ts';
import { Copies } from './copies.ts';
import { DamageReports } from './damage-reports.ts';
import { Enrolment } from './enrolment.ts';
import { Gateway } from './gateway.ts';
import { GoBack } from './go-back.ts';
import { Grants } from './grants.ts';
import { HealthWatch } from './health.ts';
import { createHttp } from './http/http.ts';
import { JournalTrimming } from './journal-trimming.ts';
import { KeeperLink } from './keeper-link.ts';
import { Members } from './members.ts';
import { NodeConnections } from './node-connections.ts';
import { OwnMessages } from './own-messages.ts';
import { ownNotices } from './own-notices.ts';
import { Peers } from './peers/peers.ts';
import { RoleRecorder } from './role-recorder.ts';
import { preferredInterface, ranks } from './role-views.ts';
import { PoolView } from './pool-view.ts';
import { Counters, serverMetrics } from './server-metrics.ts';
import { Questions } from './questions.ts';
import { serverPaths } from './server-paths.ts';
import { Sessions } from './sessions.ts';
import { SilenceView } from './silence-view.ts';
import { SnapshotExchange } from './snapshots/snapshot-exchange.ts';
import { StandbyLog } from './standby-log.ts';
import type { Store } from './store.ts';
import { View } from './view.ts';
import { VirtualInterfaces } from './virtual-interfaces.ts';

/** The largest frame of the link: a batch, or entries with their headers, with room to spare. */
const messageBytesMax = 8 * 1_048_576;

export interface ServerParts {
  readonly runtime: Runtime;
  readonly config: ServerConfig;
  readonly version: string;
  readonly parent: Parent | null;
  readonly coordination: Coordination;
  readonly credentials: Credentials;
  readonly store: Store;
}

/**
 * One management server, wired; DESIGN.md has the picture. Modes: assembled, running, stopping.
 * assembled -> running when it listens; running -> stopping when its keeper asks or is gone, when a snapshot waits to
 * be installed, or when the disk failed.
 */
export class Server {
  readonly view: View;
  readonly damage: DamageReports;
  readonly #parts: ServerParts;
  readonly #self: { readonly coreId: string; readonly name: string; readonly version: string };
  readonly #stopped = Promise.withResolvers<string>();
  readonly #counters = new Counters();
  readonly #mirror: Mirror;
  readonly #pool: PoolView;
  readonly #grants: Grants;
  readonly #copies: Copies;
  readonly #ownMessages: OwnMessages;
  readonly #members: Members;
  readonly #health: HealthWatch;
  readonly #nodeConnections: NodeConnections;
  readonly #goBack: GoBack;
  readonly #standby: StandbyLog;
  readonly #snapshots: SnapshotExchange;
  readonly #gateway: Gateway;
  readonly #peers: Peers;
  readonly #roles: RoleRecorder;
  readonly #virtualInterfaces: VirtualInterfaces;
  readonly #acting: Acting;
  readonly #coordinator: CoordinatorWatch;
  readonly #questions = new Questions({
    toMember: (coreId, question) => this.#peers.ask(coreId, question),
    toKeeper: (message) => this.#keeper?.say(message),
  });
  #keeper: KeeperLink | null = null;
  #trimming: JournalTrimming | null = null;
  #http: { handler: HttpHandler; close(): Promise<void> } | null = null;
  #listener: Listener | null = null;

  constructor(parts: ServerParts) {
    const { runtime, config, store, coordination } = parts;
    const { journal, messages, database } = store;
    this.#parts = parts;
    this.#self = { ...config.server, version: parts.version };
    this.#mirror = new Mirror({ coordination, database, timers: runtime.timers, log: runtime.log });
    this.#pool = new PoolView(this.#mirror);
    this.#grants = new Grants(runtime);
    this.#copies = new Copies({ ...runtime, listed: () => this.#pool.servers().length });
    this.#ownMessages = new OwnMessages({ ...runtime, journal, self: this.#self });
    this.#coordinator = new CoordinatorWatch({ ownMessages: this.#ownMessages, ownName: this.#self.name });
    this.#members = new Members({
      journal,
      clock: runtime.clock,
      copies: this.#copies,
      ownMessages: this.#ownMessages,
      ownName: this.#self.name,
      stateHash: () => messages.stateHash(),
    });
    this.#health = new HealthWatch({
      ...runtime,
      journal,
      damaged: store.damaged,
      memberPositions: () => this.#members.allPositions(),
      listed: () => this.#pool.servers().length,
    });
    this.#nodeConnections = new NodeConnections({ ...runtime, journal });
    this.#goBack = new GoBack({
      ...runtime,
      addresses: () => this.#pool.addressList(),
      preferred: () => preferredInterface(this.#pool),
    });
    const rank = (): number => ranks(this.#pool).get(this.#self.coreId) ?? 1;
    this.#standby = new StandbyLog({ log: runtime.log, ownName: this.#self.name, rank });
    this.#snapshots = this.#makeSnapshots();
    this.#gateway = this.#makeGateway();
    this.#peers = this.#makePeers();
    this.#roles = new RoleRecorder({
      ...runtime,
      journal,
      grants: this.#grants,
      ownMessages: this.#ownMessages,
      ownName: this.#self.name,
      serverName: (coreId) => this.#pool.server(coreId)?.name ?? coreId,
    });
    this.#virtualInterfaces = new VirtualInterfaces({
      ...runtime,
      grants: this.#grants,
      definition: (role) => this.#pool.role(role),
      listen: (host, port) => this.#listen(host, port),
      own: config.listen,
      took: (grant) => void this.#roles.took(grant),
      released: (role, epoch) => this.#keeper?.released(role, epoch),
    });
    this.#acting = this.#makeActing();
    this.view = this.#makeView();
    this.damage = new DamageReports({
      runtime,
      data: config.data,
      self: this.#self,
      ownMessages: this.#ownMessages,
      health: this.#health,
      ownOrigin: this.origin,
      memberPositions: () => this.#members.allPositions(),
      stop: (because) => this.stop(because),
    });
  }

  get origin(): Origin {
    return this.#parts.store.journal.origin;
  }

  get address(): { host: string; port: number } {
    return { host: this.#listener?.host ?? '', port: this.#listener?.port ?? 0 };
  }

  /** Resolves with the reason when the process should end (to be started again, unless its keeper asked). */
  get stopped(): Promise<string> {
    return this.#stopped.promise;
  }

  async start(): Promise<void> {
    const { runtime, config, parent, store } = this.#parts;
    await this.#mirror.start();
    this.#mirror.onChange((keys) => this.#definitionsChanged(keys));
    this.#http = await createHttp(this.view, runtime);
    this.#listener = await this.#listen(config.listen.host, config.listen.port);
    this.#standby.started(this.#otherServers());
    this.#peers.list(this.#pool.servers());
    this.#trimming = this.#makeTrimming();
    if (parent) this.#keeper = this.#makeKeeperLink(parent);
    if (store.damaged !== null) this.damage.startedWithout(store.damaged);
    runtime.log.info('server is up', { name: this.#self.name, url: config.url, origin: this.origin });
  }

  stop(because: string): void {
    this.#stopped.resolve(because);
  }

  async close(): Promise<void> {
    this.stop('closed');
    this.#keeper?.close();
    this.#acting.close();
    this.#grants.close();
    this.#goBack.close();
    this.#gateway.close();
    this.#nodeConnections.close();
    this.#peers.close();
    this.#health.close();
    this.#trimming?.close();
    this.#copies.close();
    await this.#http?.close();
    await this.#listener?.close();
    this.#mirror.close();
    this.#parts.store.journal.close();
    this.#parts.store.database.close();
  }

  #definitionsChanged(keys: ReadonlySet<string>): void {
    const touched = (prefix: string): boolean => [...keys].some((key) => key.startsWith(prefix));
    const own = this.#pool.server(this.#self.coreId);
    if (own !== null && (touched('servers/') || touched('sessions/'))) this.#notice(own);
    if (own === null && touched('servers/')) this.stop('this server was removed from the pool');
    if (touched('servers/')) this.#peers.list(this.#pool.servers());
    if (touched('servers/') || touched('roles/')) this.#gateway.tellAddresses();
    if (touched('servers/') || touched('nodes/')) this.#gateway.dropUnknown();
  }

  #notice(own: ServerDefinition): void {
    const session = this.#pool.session(own.coreId);
    for (const notice of ownNotices(own, session, this.#parts.config.listen))
      this.#ownMessages.report(notice);
  }

  #listen(host: string, port: number): Promise<Listener> {
    const { runtime, config, credentials } = this.#parts;
    return runtime.network.listen({
      host,
      port,
      credentials,
      pool: config.pool.id,
      messageBytesMax,
      onTransport: (transport) => this.#gateway.accept(transport),
      onRequest: (request, response) => this.#http?.handler(request, response),
    });
  }

  #makeGateway(): Gateway {
    const { runtime, config, store } = this.#parts;
    const sessions = new Sessions({
      runtime,
      store,
      durability: config.durability,
      copies: this.#copies,
      counters: this.#counters,
      goBack: this.#goBack,
      nodeConnections: this.#nodeConnections,
      snapshots: this.#snapshots,
      questions: this.#questions,
      isConnected: (node) => this.#gateway.isConnected(node),
    });
    return new Gateway({
      runtime: this.#parts.runtime,
      self: this.#self,
      knowsPool: () => this.#pool.pool() !== null,
      node: (coreId) => this.#pool.node(coreId),
      server: (coreId) => this.#pool.server(coreId),
      nodeCount: () => this.#pool.nodes().length,
      positions: () => this.#parts.store.journal.positions(),
      addresses: () => this.#pool.addressList(),
      interfaceAt: (url) => this.#pool.interfaces().find((one) => one.url === url)?.role ?? null,
      serveAgent: (agent) => sessions.agent(agent),
      serveServer: (connection, server, told) => sessions.server(connection, server, told),
    });
  }

  #makePeers(): Peers {
    const { runtime, config, store, credentials } = this.#parts;
    return new Peers({
      runtime,
      journal: store.journal,
      self: this.#self,
      pool: config.pool.id,
      messageBytesMax,
      credentials: () => credentials,
      told: (server, positions, message) => {
        this.#standby.heard(server);
        this.#members.told(server, positions, message);
      },
      answered: ({ coreId }, answer) => this.#questions.answered(coreId, answer),
      gone: (server) => {
        this.#standby.lost(server);
        this.#members.gone(server);
      },
      snapshotPlease: (server, connection) => void this.#snapshots.sendTo(connection, server),
    });
  }

  #makeSnapshots(): SnapshotExchange {
    const { runtime, config, store } = this.#parts;
    return new SnapshotExchange({
      runtime,
      paths: serverPaths(config.data),
      own: store.journal.origin,
      positions: () => store.journal.positions(),
      memberPositions: (coreId) => this.#members.positionsOf(coreId),
      backup: (path) => store.database.backup(path),
      restart: (because) => this.stop(because),
    });
  }

  #otherServers(): ServerDefinition[] {
    return this.#pool.servers().filter(({ coreId }) => coreId !== this.#self.coreId);
  }

  #makeTrimming(): JournalTrimming {
    const { runtime, config, store } = this.#parts;
    return new JournalTrimming({
      ...runtime,
      journal: store.journal,
      limits: config.journal,
      members: () => this.#otherServers().map(({ coreId }) => this.#members.forTrimming(coreId)),
      self: this.#self,
      ownMessages: this.#ownMessages,
    });
  }

  #makeActing(): Acting {
    const { runtime, store } = this.#parts;
    const { journal, messages } = store;
    const silence = new SilenceView({
      messages,
      nodes: () => this.#pool.nodes(),
      clock: runtime.clock,
      liveOrigins: () => this.#pool.servers().flatMap(({ coreId }) => this.#pool.liveOriginOf(coreId) ?? []),
    });
    this.#grants.listen({ gained: () => silence.forget(), lost: () => undefined });
    return new Acting({
      ...runtime,
      grants: this.#grants,
      takeOver: (grant) => this.#roles.took(grant),
      appendDecisions: (body) =>
        journal.append({ kind: 'decisions', body: encodeBody('decisions', body) }, body),
      silence,
    });
  }

  #makeKeeperLink(parent: Parent): KeeperLink {
    const { runtime, store } = this.#parts;
    return new KeeperLink({
      ...runtime,
      parent,
      grants: this.#grants,
      alive: () => ({
        kind: 'alive',
        origin: this.origin,
        ...this.#health.now(),
        epochs: this.#members.highestEpochs(store.messages.highestEpochs()),
        positions: { ...store.journal.positions() },
      }),
      coordinator: (state) => this.#coordinator.take(state),
      question: (message) => this.#questions.take(message),
      stop: (because) => this.stop(because),
    });
  }

  #makeView(): View {
    const { runtime, config, store, coordination } = this.#parts;
    const enrolment = new Enrolment({
      runtime,
      coordination,
      coordinationUrl: config.coordinationTold,
      authorityPath: serverPaths(config.data).authority,
      pool: this.#pool,
    });
    const parts = {
      ...store,
      copies: this.#copies,
      grants: this.#grants,
      health: this.#health,
      gateway: this.#gateway,
      counters: this.#counters,
      interfaces: () => this.#pool.interfaces(),
    };
    return new View({
      ...parts,
      runtime,
      self: this.#self,
      poolId: config.pool.id,
      coordination,
      ownMessages: this.#ownMessages,
      coordinatorKind: config.coordinatorKind,
      coordinatorState: () => this.#coordinator.state,
      members: this.#members,
      pool: this.#pool,
      virtualInterfaces: this.#virtualInterfaces,
      mirror: this.#mirror,
      join: (request) => enrolment.join(request),
      metrics: () => serverMetrics(parts),
    });
  }
}
