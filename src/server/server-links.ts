import { keys, type ServerDefinition } from '../model/definitions.ts';
import { peerPingEveryMs } from '../pool/lease/timings.ts';
import { whyRevoked } from '../security/admission.ts';
import { ActionCarrier } from './actions/action-carrier.ts';
import { Deployment } from './agents/deployment.ts';
import { ServerDepot } from './depot/server-depot.ts';
import { ExternalNodes } from './agents/external-nodes.ts';
import { Gateway } from './agents/gateway.ts';
import { GoBack } from './agents/go-back.ts';
import { NodeConnections } from './agents/node-connections.ts';
import { Peers } from './peers/peers.ts';
import { Questions } from './roles/questions.ts';
import { preferredInterface, ranks } from './roles/role-views.ts';
import { serverPaths } from './server-paths.ts';
import { messageBytesMax, type ServerState } from './server-state.ts';
import { SharingLinks } from './sharing/sharing-links.ts';
import { Sessions } from './agents/sessions.ts';
import { SnapshotExchange } from './snapshots/snapshot-exchange.ts';
import { StandbyLog } from './roles/standby-log.ts';

/** What a set of policies is made from: also the servers that rules name. */
const ofPolicies = [
  keys.policies,
  keys.policyGroups,
  keys.nodeGroups,
  keys.allNodeAttributes,
  keys.depotFiles,
  keys.deploymentHold,
  keys.servers,
  keys.roles,
  keys.otherPools,
  keys.primaries,
  keys.trust,
];

interface Ports {
  readonly state: ServerState;
  toKeeper: ConstructorParameters<typeof Questions>[0]['toKeeper'];
  readonly stop: (because: string) => void;
}

/** Everything that this server says on the link: to agents, and to and from the other servers. */
export class ServerLinks {
  readonly gateway: Gateway;
  readonly peers: Peers;
  readonly questions: Questions;
  readonly deployment: Deployment;
  readonly depot: ServerDepot;
  readonly sharing: SharingLinks;
  readonly #state: ServerState;
  readonly #actions: ActionCarrier;
  readonly #nodeConnections: NodeConnections;
  readonly #goBack: GoBack;
  readonly #standby: StandbyLog;
  readonly #snapshots: SnapshotExchange;
  #started = false;

  constructor({ state, toKeeper, stop }: Ports) {
    const { runtime, store } = state.parts;
    this.#state = state;
    this.questions = new Questions({
      toMember: (coreId, question) => this.peers.ask(coreId, question),
      toAll: (standing) => this.peers.tell(standing),
      toKeeper,
    });
    this.depot = this.#makeDepot();
    this.deployment = new Deployment({
      pool: state.pool,
      depot: this.depot,
      lastSeen: (node) => store.messages.lastSeen(node),
      log: runtime.log,
    });
    state.pool.groupsFrom((node, group) => this.deployment.assigned.groupsOf(node).includes(group));
    this.#actions = this.#makeActions();
    this.#nodeConnections = new NodeConnections({ ...runtime, journal: store.journal });
    this.#goBack = new GoBack({
      ...runtime,
      addresses: () => state.pool.addressList(),
      preferred: () => preferredInterface(state.pool),
    });
    const rank = (): number => ranks(state.pool).get(state.self.coreId) ?? 1;
    this.#standby = new StandbyLog({ log: runtime.log, ownName: state.self.name, rank });
    this.#snapshots = this.#makeSnapshots(stop);
    this.sharing = new SharingLinks(state);
    this.gateway = this.#makeGateway();
    this.peers = this.#makePeers();
  }

  /** A second time changes nothing. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#standby.started(this.#state.otherServers());
    this.peers.list(this.#state.pool.servers());
    this.depot.definitionsChanged();
  }

  /** Definitions with these keys have changed. */
  definitionsChanged(touched: (prefix: string) => boolean): void {
    if (touched('servers/')) this.peers.list(this.#state.pool.servers());
    if (touched('servers/') || touched('roles/')) this.gateway.tellAddresses();
    if (touched(keys.depotFiles)) this.depot.definitionsChanged();
    this.deployment.definitionsChanged(ofPolicies.some((prefix) => touched(prefix)));
    if ([keys.policies, keys.otherPools, keys.trust].some((prefix) => touched(prefix)))
      this.sharing.definitionsChanged();
    if (touched(keys.deploymentOrder)) this.deployment.ordered();
    if (touched('servers/') || touched('nodes/') || touched(keys.otherPools)) this.gateway.dropUnknown();
    if (touched(keys.revocations)) this.revoked();
    if (touched(keys.trust)) {
      this.gateway.tellTrust();
      this.gateway.dropUnknown();
    }
  }

  /** Somebody was revoked: out they go, and whom the coordinator does not answer hears it from us. */
  revoked(): void {
    this.gateway.dropUnknown();
    this.gateway.tellRevoked();
  }

  close(): void {
    this.sharing.ended();
    this.#goBack.close();
    this.gateway.close();
    this.#nodeConnections.close();
    this.peers.close();
    this.depot.close();
  }

  #makeActions(): ActionCarrier {
    const { parts, pool, copies } = this.#state;
    const { runtime, store } = parts;
    const actions = new ActionCarrier({
      ...runtime,
      journal: store.journal,
      rows: store.messages.actions,
      copies,
      depot: this.depot,
      isServer: (coreId) => pool.server(coreId) !== null,
      stateOf: (message) => ({
        node: store.messages.get(message)?.message.node ?? null,
        isOpen: store.messages.get(message)?.message.state === 'open',
        stateHlc: store.messages.stateVersion(message)?.hlc ?? 0,
      }),
    });
    store.journal.onCommit((entries) => actions.committed(entries));
    return actions;
  }

  #makeGateway(): Gateway {
    const { parts, pool, self, copies, counters, identities, access } = this.#state;
    const { runtime, config, store } = parts;
    const sessions = new Sessions({
      runtime,
      store,
      durability: config.durability,
      copies,
      counters,
      goBack: this.#goBack,
      nodeConnections: this.#nodeConnections,
      deployment: this.deployment,
      actions: this.#actions,
      depot: this.depot,
      externalNodes: new ExternalNodes({ pool, poolId: config.pool.id }),
      snapshots: this.#snapshots,
      questions: this.questions,
      isConnected: (node) => this.gateway.isConnected(node),
      denied: (draft) => access.denied(draft),
    });
    return new Gateway({
      runtime,
      self,
      pool: config.pool.id,
      peerPingEveryMs: peerPingEveryMs(config.lease),
      otherPool: (id) => pool.otherPools().find((other) => other.id === id) ?? null,
      nodeNamed: (name) => pool.nodes().some((node) => node.name === name),
      knowsPool: () => pool.pool() !== null,
      trust: () => identities.trustForAgents(),
      revocations: () => identities.revocations(),
      whyRevoked: (peer) => whyRevoked(peer, identities),
      node: (coreId) => pool.node(coreId),
      server: (coreId) => pool.server(coreId),
      nodeCount: () => pool.nodes().length,
      positions: () => store.journal.positions(),
      addresses: () => pool.addressList(),
      interfaceAt: (url) => pool.interfaces().find((one) => one.url === url)?.role ?? null,
      serveAgent: (agent) => sessions.agent(agent),
      serveServer: (connection, server, told) => sessions.server(connection, server, told),
      serveGuest: (connection, other) => this.sharing.serveGuest(connection, other),
    });
  }

  #makeDepot(): ServerDepot {
    const { parts, pool, self, members } = this.#state;
    const { runtime, config, depotFolder: folder } = parts;
    return new ServerDepot({
      runtime,
      folder,
      unusedPath: serverPaths(config.data).depotUnused,
      own: self.coreId,
      named: () => pool.depotFiles(),
      servers: () => {
        const listed = pool.servers().map(({ coreId }) => coreId);
        const isAlive = (coreId: string): boolean =>
          coreId === self.coreId || pool.session(coreId) !== null || members.positionsOf(coreId) !== null;
        return { listed, alive: listed.filter(isAlive) };
      },
      tell: (message) => this.peers.tellDepot(message),
    });
  }

  #makePeers(): Peers {
    const { parts, self, members, identities } = this.#state;
    const { runtime, config, store } = parts;
    return new Peers({
      runtime,
      journal: store.journal,
      self,
      pool: config.pool.id,
      messageBytesMax,
      credentials: () => identities.credentials,
      depot: this.depot,
      told: (server, positions, message) => {
        this.#standby.heard(server);
        members.told(server, positions, message);
      },
      revoked: (_server, revoked) => identities.heard(revoked),
      answered: ({ coreId }, answer) => this.questions.answered(coreId, answer),
      gone: (server: ServerDefinition) => {
        this.#standby.lost(server);
        members.gone(server);
      },
      snapshotPlease: (server, connection) => void this.#snapshots.sendTo(connection, server),
    });
  }

  #makeSnapshots(stop: (because: string) => void): SnapshotExchange {
    const { parts, members } = this.#state;
    const { runtime, config, store } = parts;
    return new SnapshotExchange({
      runtime,
      paths: serverPaths(config.data),
      own: store.journal.origin,
      positions: () => store.journal.positions(),
      memberPositions: (coreId) => members.positionsOf(coreId),
      backup: (path) => store.database.backup(path),
      restart: stop,
    });
  }
}
