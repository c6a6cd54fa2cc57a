import type { IncomingMessage } from 'node:http';
import type {
  JoinAnswer,
  JoinRequest,
  MessageCounts,
  MessageDetail,
  MessagePage,
  MessagePageQuery,
  MessageView,
  NodeView,
  OperationAnswer,
  OperationRequest,
  PoolStatus,
} from '../../model/api.ts';
import type { InterfacesAnswer, InterfacesRequest } from '../../model/published-addresses.ts';
import type {
  DrillRequest,
  RoleChangeView,
  RoleRequest,
  RoleView,
  VirtualInterfaces,
} from '../../model/role-api.ts';
import type { RulesExplainRequest, RulesExplanation } from '../../model/flexible-api.ts';
import type { MessageGroupView } from '../../model/message-groups.ts';
import type { StatusVariableView } from '../../model/status-variables.ts';
import type { Overview, OverviewSpan } from '../../model/overview.ts';
import type { AccessApi } from './access-api.ts';
import type { ActionPort } from './action-port.ts';
import type { ActionView, OutputPiece } from '../../model/action-api.ts';
import type { ProfileAnswer, ProfileRequest } from '../../model/agent-profile.ts';
import type { ConfigPort } from './config-port.ts';
import type { DepotPort } from './depot-port.ts';
import type { Account } from '../../access/caller.ts';
import type { Scope } from '../../model/rights.ts';
import type { Identity } from '../../model/identity.ts';
import type { Positions } from '../../model/origin.ts';
import type {
  DeployRequest,
  DeploymentHeld,
  NodeGroupRequest,
  NodeGroupView,
  NodePolicies,
  PolicyDetail,
  PolicyRequest,
  Removal,
  PrimaryRequest,
} from '../../model/policy-api.ts';
import type { RenewAnswer, RenewRequest } from '../../model/trust.ts';

/** An answer at hand or one that takes a while; the routes wait for either. */
export type Soon<T> = T | Promise<T>;

/**
 * What the HTTP routes need of a server, so that they can be tested with a fake one. Errors are WatchErrors and
 * reach the caller with their code and text; any other error becomes WK_INTERNAL and goes to the log.
 */
export interface ServerView {
  /** Core ID of the pool. A certificate of another pool is no identity here. */
  readonly pool: string;

  /** Who the TLS library says is at the other end; null where no certificate was presented or believed. */
  peerIdentity(request: IncomingMessage): Identity | null;
  /** A user or server of the pool; null when it is not listed (any more), or disabled. */
  account(identity: Identity): Account | null;
  /** The holder of a valid API token; null when this pool does not know it or it has expired. */
  apiToken(token: string): Account | null;

  /** Sessions, users, user roles and the audit trail. */
  readonly access: AccessApi;

  page(query: MessagePageQuery, scope: Scope): Soon<MessagePage>;
  /** For `grouped` and `same`: waits until it is known what says the same, seconds for a million messages. */
  groupedPage(query: MessagePageQuery, scope: Scope): Promise<MessagePage>;
  /** Null when there is no such message in the scope. */
  message(id: string, scope: Scope): Soon<MessageDetail | null>;
  counts(scope: Scope): Soon<MessageCounts>;
  /** Waits until all messages are counted, seconds for a million when it is asked for the first time. */
  overview(span: OverviewSpan, scope: Scope): Promise<Overview>;
  /** The same holds for this. */
  messageGroups(scope: Scope): Promise<readonly MessageGroupView[]>;
  /**
   * Resolves when the operations are on disk here, and on a second server or known to be at risk. A message that the
   * caller may not see is not there; one that it may not operate on is named in the answer.
   */
  operate(request: OperationRequest, by: Account): Promise<OperationAnswer>;
  /** Condition status variables of policies for servers. */
  statusVariables(): Soon<readonly StatusVariableView[]>;
  poolStatus(scope: Scope): Soon<PoolStatus>;
  nodes(scope: Scope): Soon<readonly NodeView[]>;
  virtualInterfaces(scope: Scope): Soon<VirtualInterfaces>;
  roles(): Soon<readonly RoleView[]>;
  /** Null when there is no such role. */
  role(role: string): Soon<RoleView | null>;
  /** The newest first, those to epochs below `belowEpoch` only. */
  roleHistory(role: string, limit: number, belowEpoch?: number): Soon<readonly RoleChangeView[]>;
  /** Errors: WK_NOT_FOUND, WK_CONFLICT (the server cannot take it), WK_COORDINATOR_AWAY. */
  changeRole(role: string, request: RoleRequest, by: string): Promise<RoleView>;
  /** Errors: WK_NOT_FOUND, WK_CONFLICT (it would not be safe, or somebody else holds it by now), WK_COORDINATOR_AWAY. */
  drillRole(role: string, request: DrillRequest, by: string): Promise<RoleView>;
  /** Errors: WK_NOT_FOUND, WK_CONFLICT (nothing or too much would be published), WK_COORDINATOR_AWAY. */
  changeInterfaces(server: string, request: InterfacesRequest, by: string): Promise<InterfacesAnswer>;
  readonly policies: PolicyPort;
  readonly config: ConfigPort;
  readonly actions: ActionPort;
  readonly depot: DepotPort;
  /** Errors: WK_CONFLICT (it has joined), WK_BAD_REQUEST, WK_UNAVAILABLE, WK_COORDINATOR_AWAY. */
  makeProfile(request: ProfileRequest, by: Account): Promise<ProfileAnswer>;
  /** `address`: where the request came from. Errors: WK_TOKEN_*, WK_PENDING, WK_ELSEWHERE, WK_CONFLICT (the name is taken), WK_UNAUTHENTICATED (the proof is wrong). */
  join(request: JoinRequest, address: string): Promise<JoinAnswer>;
  /** Errors: WK_BAD_REQUEST, WK_UNAUTHENTICATED (the proofs), WK_DENIED (too old, not enrolled), WK_REVOKED. */
  renew(request: RenewRequest, address: string): Promise<RenewAnswer>;

  /** Where the journal stands now. */
  positions(): Positions;
  /**
   * Messages and actions that changed after `since`, as they are now, about `messagesMax` at most, and the positions that one
   * has after having read them; those out of the scope are left out. `trimmed`: what happened since then is no longer
   * in this journal.
   */
  changesSince(since: Positions, messagesMax: number, scope: Scope): Soon<Changes | 'trimmed'>;
  /** Runs after each commit that moved the positions. Must be cheap: it may be called thousands of times a second. */
  onCommit(listener: () => void): { close(): void };

  /** Ready: the database is open and caught up enough to answer; `because` says why not. */
  readiness(): { readonly ready: boolean; readonly because: string };
  /** True while this server's grant for the role (`virtual-interface/NAME`, `acting`) is within its deadline. */
  holds(role: string): boolean;
  metrics(): readonly MetricFamily[];
}

/**
 * What is deployed to agents. Those that write resolve when this server reads it so; their errors: WK_BAD_REQUEST (what
 * is wrong with it), WK_NOT_FOUND, WK_CONFLICT (changed meanwhile, in use, a circle of groups), WK_COORDINATOR_AWAY.
 */
export interface PolicyPort {
  list(): readonly PolicyDetail[];
  /** Null where there is none. */
  find(name: string): PolicyDetail | null;
  groups(): readonly NodeGroupView[];
  deployment(scope: Scope): readonly NodePolicies[];
  /** Null while every change is sent at once. */
  held(): DeploymentHeld | null;
  /** What becomes of a message by what is in force. */
  explain(request: RulesExplainRequest): RulesExplanation;
  /** Resolves with how many nodes are meant. */
  deploy(request: DeployRequest, by: string): Promise<number>;
  set(name: string, request: PolicyRequest, by: string): Promise<void>;
  remove(name: string, removal: Removal | undefined, by: string): Promise<void>;
  /** Gives nodes another primary manager; whether they follow is in the deployment. */
  setPrimary(request: PrimaryRequest, by: string): Promise<void>;
  setGroup(name: string, request: NodeGroupRequest, by: string): Promise<void>;
  removeGroup(name: string, removal: Removal | undefined, by: string): Promise<void>;
}

export interface Changes {
  readonly messages: readonly MessageView[];
  /** As they are now. */
  readonly actions: readonly ActionView[];
  /** What actions printed meanwhile. */
  readonly output: readonly OutputPiece[];
  readonly positions: Positions;
}

/** One metric as it stands now. Names are `watchkeeper_…`, with the unit last; counters end in `_total`. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}
