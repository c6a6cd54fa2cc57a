import type { IncomingMessage } from 'node:http';
import type { Mirror } from '../../definitions/mirror.ts';
import type { Coordination } from '../../coordination/coordination.ts';
import type { Journal } from '../../journal/journal.ts';
import type { MessageStore } from '../../messages/message-store.ts';
import type { ProfileAnswer, ProfileRequest } from '../../model/agent-profile.ts';
import type {
  JoinAnswer,
  JoinRequest,
  MessageCounts,
  MessagePage,
  MessagePageQuery,
  NodeView,
  OperationAnswer,
  OperationRequest,
  PoolStatus,
} from '../../model/api.ts';
import type {
  DrillRequest,
  RoleChangeView,
  RoleRequest,
  RoleView,
  VirtualInterfaces as InterfacesView,
} from '../../model/role-api.ts';
import type { MessageGroupView } from '../../model/message-groups.ts';
import type { Overview, OverviewSpan } from '../../model/overview.ts';
import type { InterfacesAnswer, InterfacesRequest } from '../../model/published-addresses.ts';
import type { Account } from '../../access/caller.ts';
import { isNodeInScope, Rights, type Scope } from '../../model/rights.ts';
import type { Identity } from '../../model/identity.ts';
import type { Positions } from '../../model/origin.ts';
import type { StatusVariableView } from '../../model/status-variables.ts';
import type { RenewAnswer, RenewRequest } from '../../model/trust.ts';
import type { Uuid } from '../../model/uuid.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { changeInterfaces } from '../roles/change-interfaces.ts';
import { changeRole } from '../roles/change-role.ts';
import type { Copies } from '../health/copies.ts';
import type { Grants } from '../roles/grants.ts';
import type { HealthWatch } from '../health/health.ts';
import type { AccessApi } from '../http/access-api.ts';
import type { ActionPort } from '../http/action-port.ts';
import type { ConfigPort } from '../http/config-port.ts';
import type { DepotPort } from '../http/depot-port.ts';
import type { Changes, MetricFamily, PolicyPort, ServerView, Soon } from '../http/view.ts';
import { drillRole } from '../roles/drill-role.ts';
import { changesSince } from './live-changes.ts';
import type { Members } from '../health/members.ts';
import type { CoordinatorState } from '../roles/keeper-link.ts';
import { groupInfo, messageGroupViews } from './message-group-views.ts';
import { nodeChanges } from './node-changes.ts';
import { statusVariableViews } from './status-variable-views.ts';
import { operate } from './operate.ts';
import type { OwnMessages } from '../health/own-messages.ts';
import type { PoolView } from './pool-view.ts';
import { interfaceViews, roleChangeView, roleView } from '../roles/role-views.ts';
import { nodeViews, poolStatus } from './status.ts';
import type { Counters } from '../server-metrics.ts';
import type { VirtualInterfaces } from '../roles/virtual-interfaces.ts';

export interface ViewParts {
  readonly runtime: Runtime;
  readonly self: { readonly coreId: Uuid; readonly name: string; readonly version: string };
  readonly poolId: Uuid;
  readonly coordinatorKind: string;
  readonly sharing: () => PoolStatus['sharing'];
  readonly coordinatorState: () => CoordinatorState | null;
  readonly coordination: Coordination;
  readonly recorded: (by: string, via: string) => Coordination;
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
  readonly policies: PolicyPort;
  readonly config: ConfigPort;
  readonly actions: ActionPort;
  readonly depot: DepotPort;
  makeProfile(request: ProfileRequest, by: Account): Promise<ProfileAnswer>;
  join(request: JoinRequest, address: string): Promise<JoinAnswer>;
  renew(request: RenewRequest, address: string): Promise<RenewAnswer>;
  readonly access: AccessApi;
  metrics(): readonly MetricFamily[];
}

/** With its own certificate a server reads, where permissions.ts has a row for servers at all. */
const serverRights = new Rights([{ right: 'see' }]);

/** What the HTTP API sees of this server. */
export class View implements ServerView {
  readonly #parts: ViewParts;

  constructor(parts: ViewParts) {
    this.#parts = parts;
  }

  get access(): AccessApi {
    return this.#parts.access;
  }

  get pool(): Uuid {
    return this.#parts.poolId;
  }

  get policies(): PolicyPort {
    return this.#parts.policies;
  }

  get actions(): ActionPort {
    return this.#parts.actions;
  }

  get config(): ConfigPort {
    return this.#parts.config;
  }

  makeProfile(request: ProfileRequest, by: Account): Promise<ProfileAnswer> {
    return this.#parts.makeProfile(request, by);
  }

  get depot(): DepotPort {
    return this.#parts.depot;
  }

  peerIdentity(request: IncomingMessage): Identity | null {
    return this.#parts.runtime.network.peerIdentity(request, this.#parts.poolId);
  }

  /** A user or server that the pool does not list (any more) is nobody, whatever its certificate says. */
  account({ kind, coreId }: Identity): Account | null {
    const { pool } = this.#parts;
    if (kind === 'server') {
      const server = pool.server(coreId);
      return server && { name: server.name, coreId, rights: serverRights };
    }
    const user = kind === 'user' ? pool.user(coreId) : null;
    if (user === null || user.disabled || this.#parts.access.isDoubted(coreId)) return null;
    return { name: user.name, coreId, rights: pool.rights(user.roles) };
  }

  apiToken(token: string): Account | null {
    return this.#parts.pool.apiToken(token, this.#parts.runtime.clock.wallMs());
  }

  page(query: MessagePageQuery, scope: Scope = null) {
    return this.#parts.messages.page(query, scope);
  }

  groupedPage(query: MessagePageQuery, scope: Scope = null): Promise<MessagePage> {
    return this.#parts.messages.groupedPage(query, scope, () => this.#pause());
  }

  message(id: string, scope: Scope = null) {
    const { messages, pool } = this.#parts;
    const detail = messages.get(id, scope);
    const group = detail?.message.group;
    return detail && group !== undefined
      ? { ...detail, messageGroup: groupInfo(group, pool.messageGroup(group)) }
      : detail;
  }

  counts(): MessageCounts;
  counts(scope: Scope): Soon<MessageCounts>;
  counts(scope: Scope = null): Soon<MessageCounts> {
    const { messages } = this.#parts;
    if (scope === null) return messages.counts();
    return messages.countsWithin(scope, () => this.#pause());
  }

  async overview(span: OverviewSpan, scope: Scope = null): Promise<Overview> {
    const nowMs = this.#parts.runtime.clock.wallMs();
    const places = await this.#parts.messages.overview(scope, span, nowMs, () => this.#pause());
    return { ...places, ...nodeChanges(this.nodes(scope), nowMs) };
  }

  async messageGroups(scope: Scope = null): Promise<readonly MessageGroupView[]> {
    const { messages, pool } = this.#parts;
    const open = await messages.openByGroup(scope, () => this.#pause());
    return messageGroupViews(pool.messageGroups(), open, scope);
  }

  statusVariables(): readonly StatusVariableView[] {
    const { pool } = this.#parts;
    return statusVariableViews(pool.policies(), pool.statusVariables());
  }

  /** Between two parts of a long piece of work. */
  #pause(): Promise<void> {
    return new Promise((resolve) => this.#parts.runtime.timers.soon(resolve));
  }

  operate(request: OperationRequest, by: Pick<Account, 'name' | 'rights'>): Promise<OperationAnswer> {
    const { clock, random } = this.#parts.runtime;
    return operate({ ...this.#parts, clock, random }, request, by);
  }

  poolStatus(): PoolStatus;
  poolStatus(scope: Scope): Soon<PoolStatus>;
  poolStatus(scope: Scope = null): Soon<PoolStatus> {
    const { journal, self, members } = this.#parts;
    const status = poolStatus({
      ...this.#parts,
      coordinatorState: this.#parts.coordinatorState(),
      self: { ...self, origin: journal.origin },
      positions: () => journal.positions(),
      memberPositions: (coreId) => members.positionsOf(coreId),
    });
    return scope === null ? status : this.#withCounts(status, scope);
  }

  async #withCounts(status: PoolStatus, scope: Scope): Promise<PoolStatus> {
    // How many messages wait, here or for another pool, are figures of all nodes.
    const serverRules = { ...status.serverRules, held: 0 };
    return { ...status, serverRules, sharing: [], messages: await this.counts(scope) };
  }

  nodes(scope: Scope = null): readonly NodeView[] {
    const { pool, messages } = this.#parts;
    return nodeViews(
      pool,
      messages.nodes((coreId) => pool.liveOriginOf(coreId)),
    ).filter(({ name }) => isNodeInScope(scope, name));
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

  virtualInterfaces(scope: Scope = null): InterfacesView {
    const { pool, messages, self, counters, members } = this.#parts;
    const nodes = messages
      .nodes((coreId) => pool.liveOriginOf(coreId))
      .filter(({ name }) => isNodeInScope(scope, name));
    const countOf = (role: string): number => members.messagesVia(role, counters.via(role));
    const views = interfaceViews(pool, nodes, scope === null ? countOf : () => null);
    return { server: { coreId: self.coreId, name: self.name }, virtualInterfaces: views };
  }

  roleHistory(role: string, limit: number, belowEpoch?: number): RoleChangeView[] {
    const { pool, messages } = this.#parts;
    return messages.roleChanges(role, limit, belowEpoch).map((change) => roleChangeView(pool, change));
  }

  async changeRole(role: string, request: RoleRequest, by: string): Promise<RoleView> {
    const coordination = this.#parts.recorded(by, `role ${request.kind}`);
    const ports = { ...this.#parts, coordination, log: this.#parts.runtime.log };
    const definition = await changeRole(ports, role, request, by);
    return roleView(this.#parts.pool, definition);
  }

  async drillRole(role: string, request: DrillRequest, by: string): Promise<RoleView> {
    const coordination = this.#parts.recorded(by, 'role drill');
    const { log } = this.#parts.runtime;
    const ports = { ...this.#parts, coordination, log, status: () => this.poolStatus() };
    return roleView(this.#parts.pool, await drillRole(ports, role, request, by));
  }

  changeInterfaces(server: string, request: InterfacesRequest, by: string): Promise<InterfacesAnswer> {
    return changeInterfaces({ ...this.#parts, log: this.#parts.runtime.log }, server, request, by);
  }

  join(request: JoinRequest, address: string): Promise<JoinAnswer> {
    return this.#parts.join(request, address);
  }

  renew(request: RenewRequest, address: string): Promise<RenewAnswer> {
    return this.#parts.renew(request, address);
  }

  positions(): Positions {
    return this.#parts.journal.positions();
  }

  changesSince(since: Positions, messagesMax: number, scope: Scope = null): Changes | 'trimmed' {
    return changesSince(
      { ...this.#parts, scope, nowMs: this.#parts.runtime.clock.wallMs() },
      since,
      messagesMax,
    );
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
