import type { Coordination } from '../coordination/coordination.ts';
import { ConfigNow } from '../definitions/config-now.ts';
import { Mirror } from '../definitions/mirror.ts';
import type { DepotFolder } from '../depot/depot-folder.ts';
import type { ServerDefinition } from '../model/definitions.ts';
import type { Parent } from '../runtime/commands.ts';
import type { Credentials } from '../runtime/network.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { Authorities } from './trust/authorities.ts';
import { ChangeRecorder } from './configuration/change-recorder.ts';
import { AuditTrail } from '../access/audit-trail.ts';
import { Access } from './trust/access.ts';
import type { ServerConfig } from './config.ts';
import { CoordinatorWatch } from './roles/coordinator-watch.ts';
import { Copies } from './health/copies.ts';
import { Grants } from './roles/grants.ts';
import { HealthWatch } from './health/health.ts';
import { Identities } from './trust/identities.ts';
import { Members } from './health/members.ts';
import { OwnMessages } from './health/own-messages.ts';
import { PoolView } from './views/pool-view.ts';
import { Counters } from './server-metrics.ts';
import { recorded } from './configuration/recorded.ts';
import type { Store } from './store.ts';

export interface ServerParts {
  readonly runtime: Runtime;
  readonly config: ServerConfig;
  readonly version: string;
  readonly parent: Parent | null;
  readonly coordination: Coordination;
  readonly credentials: Credentials;
  readonly store: Store;
  readonly depotFolder: DepotFolder;
  /** Holds the built console; null where this server has none. */
  readonly consoleFolder: string | null;
}

/** A change that was accepted is read here a few milliseconds later, unless this server has lost sight of the coordinator. */
export const reachedMsMax = 2_000;

/** The largest frame of the link: a batch, or entries with their headers, with room to spare. */
export const messageBytesMax = 8 * 1_048_576;

/** What a server knows of itself, its pool and its disk, before it talks to anybody; its other parts are built on it. */
export class ServerState {
  readonly parts: ServerParts;
  readonly self: { readonly coreId: string; readonly name: string; readonly version: string };
  readonly counters = new Counters();
  readonly mirror: Mirror;
  readonly pool: PoolView;
  readonly grants: Grants;
  readonly copies: Copies;
  readonly ownMessages: OwnMessages;
  readonly coordinator: CoordinatorWatch;
  readonly members: Members;
  readonly access: Access;
  readonly health: HealthWatch;
  readonly authorities: Authorities;
  readonly identities: Identities;
  readonly definitions: { readonly now: ConfigNow; readonly recorder: ChangeRecorder };
  /** The coordinator for what a person does to definitions. */
  readonly recorded: (by: string, via: string) => Coordination;

  constructor(parts: ServerParts) {
    const { runtime, config, store, coordination } = parts;
    const { journal, messages, database } = store;
    this.parts = parts;
    this.self = { ...config.server, version: parts.version };
    const { timers, log } = runtime;
    const remembersRevision = config.coordinatorKind !== 'sqlite';
    this.mirror = new Mirror({ coordination, database, timers, log, remembersRevision });
    this.pool = new PoolView(this.mirror);
    this.authorities = new Authorities(this);
    this.identities = new Identities(this);
    this.grants = new Grants(runtime);
    this.copies = new Copies({ ...runtime, listed: () => this.pool.servers().length });
    this.ownMessages = new OwnMessages({ ...runtime, journal, self: this.self });
    this.coordinator = new CoordinatorWatch({ ownMessages: this.ownMessages, ownName: this.self.name });
    this.definitions = this.#makeDefinitions();
    const reached = (revision: number): Promise<void> => this.mirror.reached(revision, reachedMsMax);
    this.recorded = (by, via) => recorded({ coordination, reached, ...this.definitions }, by, via);
    this.members = new Members({
      journal,
      clock: runtime.clock,
      copies: this.copies,
      ownMessages: this.ownMessages,
      ownName: this.self.name,
      stateHash: () => messages.stateHash(),
    });
    const lastHash = messages.audit.lastOf(this.self.coreId)?.hash ?? null;
    this.access = new Access({
      runtime,
      coordination,
      recorded: this.recorded,
      store,
      pool: this.pool,
      self: this.self,
      trail: new AuditTrail({ ...runtime, journal, lastHash }),
    });
    this.health = new HealthWatch({
      ...runtime,
      journal,
      damaged: store.damaged,
      memberPositions: () => this.members.allPositions(),
      listed: () => this.pool.servers().length,
    });
  }

  #makeDefinitions(): ServerState['definitions'] {
    const { runtime, store, coordination } = this.parts;
    const { mirror, pool, copies, grants } = this;
    const now = new ConfigNow(mirror, () => ({ servers: pool.servers() }));
    const history = store.messages.definitions;
    const { journal } = store;
    const ports = { ...runtime, coordination, journal, history, mirror, now, pool, copies, grants };
    return { now, recorder: new ChangeRecorder(ports) };
  }

  otherServers(): ServerDefinition[] {
    return this.pool.servers().filter(({ coreId }) => coreId !== this.self.coreId);
  }
}
