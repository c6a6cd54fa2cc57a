import type { IncomingMessage } from 'node:http';
import type { Mirror } from '../definitions/mirror.ts';
import type { Coordination } from '../coordination/coordination.ts';
import type { Journal } from '../journal/journal.ts';
import type { MessageStore } from '../messages/message-store.ts';
import type {
  JoinAnswer,
  JoinRequest,
  MessagePageQuery,
  NodeView,
  OperationAnswer,
  OperationRequest,
  PoolStatus,
} from '../model/api.ts';
import type {
  RoleChangeView,
  RoleRequest,
  RoleView,
  VirtualInterfaces as InterfacesView,
} from '../model/role-api.ts';
import type { InterfacesAnswer, InterfacesRequest } from '../model/published-addresses.ts';
import type { Identity } from '../model/identity.ts';
import type { Positions } from '../model/origin.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { changeInterfaces } from './change-interfaces.ts';
import { changeRole } from './change-role.ts';
import type { Copies } from './copies.ts';
import type { Grants } from './grants.ts';
import type { HealthWatch } from './health.ts';
import type { Changes, MetricFamily, ServerView } from './http/view.ts';
import { changesSince } from './live-changes.ts';
import type { Members } from './members.ts';
import type { CoordinatorState } from './keeper-link.ts';
import { operate } from './operate.ts';
import type { OwnMessages } from './own-messages.ts';
import type { PoolView } from './pool-view.ts';
import { interfaceViews, roleChangeView, roleView } from './role-views.ts';
import { nodeViews, poolStatus } from './status.ts';
import type { Counters } from './server-metrics.ts';
import type { VirtualInterfaces } from './virtual-interfaces.ts';

export interface ViewParts {
  readonly runtime: Runtime;
  readonly self: { readonly coreId: Uuid; readonly name: string; readonly version: string };
  readonly poolId: Uuid;
  readonly coordinatorKind: string;
  readonly coordinatorState: () => CoordinatorState | null;
  readonly coordination: Coordination;
  readonly ownMessages: OwnMessages;
  readonly journal: Journal;
  readonly messages: MessageStore;
  readonly copies: Copies;
  readonly members: Members;
  readonly pool: PoolView;
  readonly grants: Grants;
  readonly virtualInterfaces: VirtualInterfaces;
  readonly health: HealthWatch;
  readonly counters: Counters;
  readonly mirror: Mirror;
  join(request: JoinRequest): Promise<JoinAnswer>;
  metrics(): readonly MetricFamily[];
}

/** What the HTTP API sees of this server. */
export class View implements ServerView {
  readonly #parts: ViewParts;

  constructor(parts: ViewParts) {
    this.#parts = parts;
  }

  get pool(): Uuid {
    return this.#parts.poolId;
  }

  /** A user or server that the pool does not list (any more) is nobody, whatever its certificate says. */
  peerIdentity(request: IncomingMessage): Identity | null {
    const identity = this.#parts.runtime.network.peerIdentity(request, this.#parts.poolId);
    if (identity?.kind === 'user' && this.#parts.pool.userName(identity.coreId) === null) return null;
    if (identity?.kind === 'server' && this.#parts.pool.server(identity.coreId) === null) return null;
    return identity;
  }

  nameOf(identity: Identity): string {
    const { pool } = this.#parts;
    const name =
      identity.kind === 'user' ? pool.userName(identity.coreId) : pool.server(identity.coreId)?.name;
    return name ?? identity.coreId;
  }

  findApiToken(token: string): string | null {
    return this.#parts.pool.apiTokenName(token, this.#parts.runtime.clock.wallMs());
  }

  page(query: MessagePageQuery) {
    return this.#parts.messages.page(query);
  }

  message(id: string) {
    return this.#parts.messages.get(id);
  }

  counts() {
    return this.#parts.messages.counts();
  }

  operate(request: OperationRequest, by: string): Promise<OperationAnswer> {
    const { clock, random } = this.#parts.runtime;
    return operate({ ...this.#parts, clock, random }, request, by);
  }

  poolStatus(): PoolStatus {
    const { journal, self, members } = this.#parts;
    return poolStatus({
      ...this.#parts,
      coordinatorState: this.#parts.coordinatorState(),
      self: { ...self, origin: journal.origin },
      positions: () => journal.positions(),
      memberPositions: (coreId) => members.positionsOf(coreId),
    });
  }

  nodes(): readonly NodeView[] {
    const { pool, messages } = this.#parts;
    return nodeViews(
      pool,
      messages.nodes((coreId) => pool.liveOriginOf(coreId)),
    );
  }

  roles(): RoleView[] {
    const { pool } = this.#parts;
    return pool.roles().map((definition) => roleView(pool, definition));
  }

  role(role: string): RoleView | null {
    const { pool } = this.#parts;
    const definition = pool.role(role);
    return definition === null ? null : roleView(pool, definition);
  }

  virtualInterfaces(): InterfacesView {
    const { pool, messages, self, counters } = this.#parts;
    const nodes = messages.nodes((coreId) => pool.liveOriginOf(coreId));
    const views = interfaceViews(pool, nodes, (role) => counters.via(role));
    return { server: { coreId: self.coreId, name: self.name }, virtualInterfaces: views };
  }

  roleHistory(role: string, limit: number, belowEpoch?: number): RoleChangeView[] {
    const { pool, messages } = this.#parts;
    return messages.roleChanges(role, limit, belowEpoch).map((change) => roleChangeView(pool, change));
  }

  async changeRole(role: string, request: RoleRequest, by: string): Promise<RoleView> {
    const definition = await changeRole({ ...this.#parts, log: this.#parts.runtime.log }, role, request, by);
    return roleView(this.#parts.pool, definition);
  }

  changeInterfaces(server: string, request: InterfacesRequest, by: string): Promise<InterfacesAnswer> {
    return changeInterfaces({ ...this.#parts, log: this.#parts.runtime.log }, server, request, by);
  }

  join(request: JoinRequest): Promise<JoinAnswer> {
    return this.#parts.join(request);
  }

  positions(): Positions {
    return this.#parts.journal.positions();
  }

  changesSince(since: Positions, messagesMax: number): Changes | 'trimmed' {
    return changesSince(this.#parts, since, messagesMax);
  }

  onCommit(listener: () => void): { close(): void } {
    return { close: this.#parts.journal.onCommit(() => listener()) };
  }

  readiness() {
    const { healthy, because } = this.#parts.health.now();
    return { ready: healthy, because };
  }

  holds(role: string): boolean {
    return this.#parts.grants.current(role) !== null;
  }

  metrics(): readonly MetricFamily[] {
    return this.#parts.metrics();
  }
}
