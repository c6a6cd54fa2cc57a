import { acceptLink, type Greeting } from '../../link/accept-link.ts';
import type { LinkConnection } from '../../link/connection.ts';
import type { LinkMessageOf } from '../../link/messages.ts';
import type { NodeDefinition, ServerDefinition } from '../../model/definitions.ts';
import { matchesGlob } from '../../model/glob.ts';
import { textOf, type WatchError } from '../../model/errors.ts';
import type { Identity } from '../../model/identity.ts';
import type { OtherPool } from '../../model/other-pools.ts';
import type { Positions } from '../../model/origin.ts';
import type { Revocation } from '../../model/trust.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Transport } from '../../runtime/network.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { windowBatches } from './agent-session.ts';

const helloTimeoutMs = 5_000;
const agentPingEveryMs = 3_000;
/** New connections a second that this server is ready to take; what a reconnect of all agents is spread by. */
const handshakesPerSecond = 100;

/** The protocol with which servers tell each other who was revoked, and agents whom to believe. */
const revokedSince = 3;
const trustSince = 3;
/** When another authority signs, all agents renew: about five a second. */
const renewalEveryMs = 200;
const trustSpreadMsMin = 10_000;

const knowsNobody = 'this server has no definitions, and the coordinator does not answer it; try another';

export interface AgentConnection {
  readonly node: NodeDefinition;
  readonly version: string;
  readonly connection: LinkConnection;
  readonly sinceMs: number;
  /** The address that it says it reached us at; null for an agent of a version that does not say. */
  readonly dialled: string | null;
  /** The role of the virtual interface with that address. */
  readonly via: string | null;
  /** The name of the other pool that the node belongs to; null for one of ours. */
  readonly guestOf: string | null;
  /** What it says it runs on; null for an agent of a version that does not say. */
  readonly system: string | null;
}

interface Welcome {
  readonly name: string;
  readonly version: string;
  readonly coreId: Uuid;
}

/** What becomes of an accepted connection; `ended` is called once, after the last message. */
export interface Session {
  ended(): void;
}

interface Ports {
  readonly runtime: Runtime;
  readonly self: { readonly coreId: Uuid; readonly name: string; readonly version: string };
  /** How often other servers are to say that they live. */
  readonly peerPingEveryMs: number;
  /** False while this server has no definitions at all: it lost its own, and the coordinator does not answer. */
  knowsPool(): boolean;
  /** Whom agents are to believe; null while nothing was changed since the pool was founded. */
  trust(): Omit<LinkMessageOf<'trust'>, 'type' | 'spreadMs'> | null;
  /** Who was revoked, for servers that may not hear it from the coordinator. */
  revocations(): readonly Revocation[];
  /** Why an identity counts no more, whatever is defined; null when it does. */
  whyRevoked(peer: Identity): WatchError | null;
  readonly pool: Uuid;
  /** Null for a pool of which nothing is defined here. */
  otherPool(id: Uuid): OtherPool | null;
  nodeNamed(name: string): boolean;
  node(coreId: Uuid): NodeDefinition | null;
  server(coreId: Uuid): ServerDefinition | null;
  nodeCount(): number;
  positions(): Positions;
  /** Addresses for agents, virtual interfaces first. */
  addresses(): { servers: string[]; interfaces: number };
  /** The role of the virtual interface that agents reach at this URL. */
  interfaceAt(url: string): string | null;
  serveAgent(agent: AgentConnection): Session;
  serveServer(connection: LinkConnection, server: ServerDefinition, told: Positions): Session;
  /** A server of another pool. */
  serveGuest(connection: LinkConnection, pool: OtherPool): Session;
}

/**
 * Whoever dials this server: agents and other servers. Decides who may stay by what the pool has defined, never by what
 * the peer says of itself, and keeps one connection for each agent and each server: a newer one ends the older.
 */
export class Gateway {
  readonly #ports: Ports;
  readonly #agents = new Map<Uuid, AgentConnection>();
  readonly #servers = new Map<Uuid, LinkConnection>();
  /** Servers of other pools. */
  readonly #guests = new Map<Uuid, LinkConnection>();
  /** To agents that were connected at the last change; who comes later reads it in the welcome. */
  #addressesTold = '';
  #closed = false;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** For `ListenOptions.onTransport`. */
  accept(transport: Transport): void {
    if (this.#closed) return transport.close('this server stops');
    this.#accept(transport).catch((error: unknown) => {
      this.#ports.runtime.log.error('a connection could not be accepted', { error: textOf(error) });
      transport.terminate();
    });
  }

  agents(): readonly AgentConnection[] {
    return [...this.#agents.values()];
  }

  isConnected(node: Uuid): boolean {
    return this.#agents.has(node);
  }

  /** Ends the connections of agents and servers that the pool no longer knows, or has revoked. */
  dropUnknown(): void {
    for (const connection of [
      ...this.#servers.values(),
      ...this.#guests.values(),
      ...this.agents().map((agent) => agent.connection),
    ]) {
      const revoked = this.#ports.whyRevoked(connection.peer);
      if (revoked !== null) connection.refuse(revoked.code, revoked.message);
    }
    for (const connection of this.#guests.values()) {
      const unwelcome = this.#whyNoGuestServer(connection.peer);
      if (unwelcome !== null) connection.refuse('WK_DENIED', unwelcome);
    }
    for (const [coreId, { connection, node, guestOf }] of this.#agents) {
      const unwelcome = guestOf === null ? null : this.#whyNoGuest(node.name, connection.peer);
      if (unwelcome !== null) connection.refuse('WK_DENIED', unwelcome);
      if (guestOf === null && !this.#ports.node(coreId)) {
        connection.refuse('WK_NODE_UNKNOWN', `node ${node.name} was removed from the pool`);
      }
    }
    for (const [coreId, connection] of this.#servers) {
      if (!this.#ports.server(coreId))
        connection.refuse('WK_DENIED', 'this server was removed from the pool');
    }
  }

  /** Tells agents where the pool is reached now, those of a version that understands it. */
  tellAddresses(): void {
    const { servers, interfaces } = this.#ports.addresses();
    const text = servers.join();
    if (servers.length === 0 || text === this.#addressesTold) return;
    this.#addressesTold = text;
    for (const { connection, dialled } of this.#agents.values())
      if (dialled !== null) connection.send({ type: 'servers', servers, interfaces });
  }

  /** Tells agents whom to believe now. */
  tellTrust(): void {
    for (const { connection, guestOf } of this.#agents.values())
      if (guestOf === null) this.#tellTrust(connection);
  }

  #tellTrust(connection: LinkConnection): void {
    const trust = this.#ports.trust();
    if (trust === null || connection.protocol < trustSince) return;
    const spreadMs = Math.max(trustSpreadMsMin, this.#ports.nodeCount() * renewalEveryMs);
    connection.send({ type: 'trust', ...trust, spreadMs });
  }

  /** Passes on who was revoked to the servers that are connected. */
  tellRevoked(): void {
    const revoked = [...this.#ports.revocations()];
    for (const connection of this.#servers.values())
      if (connection.protocol >= revokedSince) connection.send({ type: 'revoked', revoked });
  }

  close(): void {
    this.#closed = true;
    for (const { connection } of this.#agents.values()) connection.close('this server stops');
    for (const connection of [...this.#servers.values(), ...this.#guests.values()])
      connection.close('this server stops');
  }

  async #accept(transport: Transport): Promise<void> {
    const pingEveryMs = transport.peer.kind === 'agent' ? agentPingEveryMs : this.#ports.peerPingEveryMs;
    const accepted = await acceptLink({
      transport,
      ...this.#ports.runtime,
      timeoutMs: helloTimeoutMs,
      heartbeat: { pingEveryMs, silentAfterMs: 3 * pingEveryMs },
      decide: (hello, peer) => this.#decide(hello, peer),
    });
    if (!accepted.accepted) {
      this.#ports.runtime.log.info('a peer was not welcomed', {
        kind: transport.peer.kind,
        coreId: transport.peer.coreId,
        address: transport.remoteAddress,
        because: accepted.close.text,
      });
      return;
    }
    if (transport.peer.kind === 'agent') this.#agentIsHere(accepted.connection, accepted.hello);
    else if (transport.peer.pool !== this.#ports.pool) this.#guestIsHere(accepted.connection);
    else this.#serverIsHere(accepted.connection);
  }

  #decide(hello: LinkMessageOf<'hello'>, peer: Identity): Greeting {
    const { self } = this.#ports;
    const welcome = { name: self.name, version: self.version, coreId: self.coreId };
    if (!this.#ports.knowsPool()) return { refuse: { code: 'WK_UNAVAILABLE', text: knowsNobody } };
    const revoked = this.#ports.whyRevoked(peer);
    if (revoked !== null) return { refuse: { code: revoked.code, text: revoked.message } };
    if (peer.pool !== this.#ports.pool) return this.#decideGuest(hello, peer, welcome);
    if (peer.kind === 'agent') return this.#decideAgent(hello, peer, welcome);
    if (peer.kind !== 'server')
      return { refuse: { code: 'WK_DENIED', text: `a ${peer.kind} does not use the link` } };
    if (!this.#ports.server(peer.coreId)) {
      return {
        refuse: { code: 'WK_DENIED', text: `server ${hello.name} is not listed in this pool (any more)` },
      };
    }
    const toldOf = [...this.#ports.revocations()];
    const known = hello.protocolMax >= revokedSince && toldOf.length > 0 ? { revoked: toldOf } : {};
    const { peerPingEveryMs: pingEveryMs } = this.#ports;
    return { welcome: { ...welcome, ...known, pingEveryMs, positions: { ...this.#ports.positions() } } };
  }

  #decideAgent(hello: LinkMessageOf<'hello'>, peer: Identity, welcome: Welcome): Greeting {
    const node = this.#ports.node(peer.coreId);
    if (!node) {
      const text = `node ${hello.name} (${peer.coreId}) is not enrolled in this pool; enrol it with watchkeeper agent join`;
      return { refuse: { code: 'WK_NODE_UNKNOWN', text } };
    }
    if (node.name !== hello.name) {
      const text = `this agent says its node is ${hello.name}, the pool knows it as ${node.name}; correct name in its configuration`;
      return { refuse: { code: 'WK_DENIED', text } };
    }
    return this.#welcomeAgent(welcome);
  }

  /** An agent of another pool may bring messages, and nothing else; a server of it those that its pool shares. */
  #decideGuest(hello: LinkMessageOf<'hello'>, peer: Identity, welcome: Welcome): Greeting {
    if (peer.kind === 'server') {
      const unwelcome = this.#whyNoGuestServer(peer);
      return unwelcome === null ? { welcome } : { refuse: { code: 'WK_DENIED', text: unwelcome } };
    }
    const text = this.#whyNoGuest(hello.name, peer);
    return text === null ? this.#welcomeAgent(welcome) : { refuse: { code: 'WK_DENIED', text } };
  }

  /** Which of its messages are taken is asked of each. */
  #whyNoGuestServer({ pool }: Identity): string | null {
    const other = this.#ports.otherPool(pool);
    if (other === null) return 'nothing is known here of the pool that this server belongs to';
    return other.accept.length > 0
      ? null
      : `no messages are taken here from pool ${other.name} (other-pool set --accept)`;
  }

  /** It may never pass for a node of ours, by name or by core ID. */
  #whyNoGuest(name: string, { pool, kind, coreId }: Identity): string | null {
    const other = this.#ports.otherPool(pool);
    if (other === null || kind !== 'agent')
      return `nothing is known here of the pool that ${name} belongs to`;
    if (!other.accept.some((pattern) => matchesGlob(pattern, name)))
      return `no messages are taken here from node ${name} of pool ${other.name} (other-pool set --accept)`;
    if (this.#ports.nodeNamed(name) || this.#ports.node(coreId))
      return `a node of this pool is called ${name} too; messages from pool ${other.name} under that name are not taken`;
    return null;
  }

  #welcomeAgent(welcome: Welcome): Greeting {
    return {
      welcome: {
        ...welcome,
        windowBatches,
        pingEveryMs: agentPingEveryMs,
        reconnectSpreadMs: Math.ceil((this.#ports.nodeCount() * 1_000) / handshakesPerSecond),
        ...this.#ports.addresses(),
      },
    };
  }

  #agentIsHere(connection: LinkConnection, hello: LinkMessageOf<'hello'>): void {
    const { coreId, pool } = connection.peer;
    const other = pool === this.#ports.pool ? null : this.#ports.otherPool(pool);
    const node = other ? { coreId, name: hello.name, joinedMs: 0 } : this.#ports.node(coreId);
    if (!node) return connection.refuse('WK_NODE_UNKNOWN', 'the node was removed from the pool');
    this.#agents.get(node.coreId)?.connection.close('the agent has connected anew');
    const sinceMs = this.#ports.runtime.clock.wallMs();
    const { version, dialled = null, system = null } = hello;
    const guestOf = other?.name ?? null;
    const via = dialled === null ? null : this.#ports.interfaceAt(dialled);
    const agent: AgentConnection = { node, version, connection, sinceMs, dialled, via, guestOf, system };
    this.#agents.set(node.coreId, agent);
    const session = this.#ports.serveAgent(agent);
    if (guestOf === null) this.#tellTrust(connection);
    connection.onClose((close) => {
      if (this.#agents.get(node.coreId) === agent) this.#agents.delete(node.coreId);
      this.#ports.runtime.log.info('an agent is gone', {
        node: node.name,
        because: close.because,
        text: close.text,
      });
      session.ended();
    });
  }

  #serverIsHere(connection: LinkConnection): void {
    const server = this.#ports.server(connection.peer.coreId);
    if (!server) return connection.refuse('WK_DENIED', 'this server was removed from the pool');
    this.#servers.get(server.coreId)?.close('the server has connected anew');
    this.#servers.set(server.coreId, connection);
    const session = this.#ports.serveServer(connection, server, this.#ports.positions());
    connection.onClose((close) => {
      if (this.#servers.get(server.coreId) === connection) this.#servers.delete(server.coreId);
      this.#ports.runtime.log.info('a server is gone', {
        server: server.name,
        because: close.because,
        text: close.text,
      });
      session.ended();
    });
  }

  /** Of each other pool one server is connected, the one that acts there; the newest counts. */
  #guestIsHere(connection: LinkConnection): void {
    const { pool: id } = connection.peer;
    const pool = this.#ports.otherPool(id);
    if (!pool) return connection.refuse('WK_DENIED', 'this pool was removed');
    this.#guests.get(id)?.close('another server of that pool has connected');
    this.#guests.set(id, connection);
    this.#ports.runtime.log.info('a server of another pool is here', { pool: pool.name });
    const session = this.#ports.serveGuest(connection, pool);
    connection.onClose((close) => {
      if (this.#guests.get(id) === connection) this.#guests.delete(id);
      this.#ports.runtime.log.info('a server of another pool is gone', {
        pool: pool.name,
        because: close.because,
        text: close.text,
      });
      session.ended();
    });
  }
}
