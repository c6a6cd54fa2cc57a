import type { Mirror } from '../../definitions/mirror.ts';
import { carrierAddress } from '../../model/carrier.ts';
import {
  etcdMemberSchema,
  etcdSignSchema,
  holderSchema,
  keys,
  nodeDefinitionSchema,
  poolSchema,
  roleDefinitionSchema,
  serverDefinitionSchema,
  sessionSchema,
  virtualInterfacePrefix,
  witnessDefinitionSchema,
  type EtcdMemberRecord,
  type EtcdSign,
  type Holder,
  type NodeDefinition,
  type Pool,
  type RoleDefinition,
  type ServerDefinition,
  type Session,
  type WitnessDefinition,
} from '../../model/definitions.ts';
import { rightsOf } from '../../access/user-roles.ts';
import { sessionKeysSchema, type SessionKey } from '../../access/session-token.ts';
import type { Account } from '../../access/caller.ts';
import {
  deploymentHoldSchema,
  deploymentOrderSchema,
  nodeGroupSchema,
  policyDefinitionSchema,
  type DeploymentHold,
  type DeploymentOrder,
  type NodeGroup,
  type PolicyDefinition,
} from '../../model/policy-definitions.ts';
import {
  externalNodeSchema,
  nodeAttributesSchema,
  policyGroupSchema,
  type ExternalNode,
  type NodeAttributes,
  type PolicyGroup,
} from '../../model/node-definitions.ts';
import { installationSettingsSchema, type InstallationSettings } from '../../model/agent-profile.ts';
import { depotFileSchema, type DepotFile } from '../../model/depot.ts';
import { otherPoolSchema, primaryDefinitionSchema, type OtherPool } from '../../model/other-pools.ts';
import type { ManagerSystem, ManagerSystems } from '../../model/policy.ts';
import { publishedUrls } from '../../model/published-addresses.ts';
import { toolDefinitionSchema, type ToolDefinition } from '../../model/tool.ts';
import { trustSchema } from '../../model/trust.ts';
import {
  endedSessionSchema,
  userDefinitionSchema,
  userRoleSchema,
  type UserDefinition,
  type UserRole,
} from '../../model/users.ts';
import { messageGroupSchema, type MessageGroup } from '../../model/message-groups.ts';
import type { IsInGroup, Rights } from '../../model/rights.ts';
import type { Origin } from '../../model/origin.ts';
import type { Uuid } from '../../model/uuid.ts';
import { statusVariableSchema, type StatusVariable } from '../../model/status-variables.ts';
import { verifyApiToken } from '../../security/api-token.ts';

/** A coordinator counts no further than that in the life of a pool: a thousand changes a second for 30 years. */
const revisionsMax = 1_000_000_000_000;

/** The definitions of the pool in the words of the model, read from the mirror. */
export class PoolView {
  readonly #mirror: Mirror;
  #isInGroup: IsInGroup = () => false;

  constructor(mirror: Mirror) {
    this.#mirror = mirror;
  }

  /** Who knows which node is in which group; until then nobody is in any, for rights. */
  groupsFrom(isInGroup: IsInGroup): void {
    this.#isInGroup = isInGroup;
  }

  isInGroup(nodeName: string, group: string): boolean {
    return this.#isInGroup(nodeName, group);
  }

  get live(): boolean {
    return this.#mirror.live;
  }

  pool(): Pool | null {
    return this.#mirror.get(keys.pool, poolSchema);
  }

  /** By name, as people look for them. */
  servers(): ServerDefinition[] {
    return this.#mirror
      .list(keys.servers, serverDefinitionSchema)
      .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  server(coreId: Uuid): ServerDefinition | null {
    return this.#mirror.get(keys.server(coreId), serverDefinitionSchema);
  }

  witnesses(): readonly WitnessDefinition[] {
    return this.#mirror.list(keys.witnesses, witnessDefinitionSchema);
  }

  etcdMember(coreId: Uuid): EtcdMemberRecord | null {
    return this.#mirror.get(keys.etcdMember(coreId), etcdMemberSchema);
  }

  etcdSign(coreId: Uuid): EtcdSign | null {
    return this.#mirror.get(keys.etcdSign(coreId), etcdSignSchema);
  }

  /** Null when there is no such user (any more). */
  user(coreId: Uuid): UserDefinition | null {
    return this.#mirror.get(keys.user(coreId), userDefinitionSchema);
  }

  users(): readonly UserDefinition[] {
    return this.#mirror.list(keys.users, userDefinitionSchema);
  }

  userRole(name: string): UserRole | null {
    return this.#mirror.get(keys.userRole(name), userRoleSchema);
  }

  userRoles(): readonly UserRole[] {
    return this.#mirror.list(keys.userRoles, userRoleSchema);
  }

  sessionKeys(): readonly SessionKey[] {
    return this.#mirror.get(keys.sessionKeys, sessionKeysSchema)?.keys ?? [];
  }

  isEnded(session: string): boolean {
    return this.#mirror.get(keys.endedSession(session), endedSessionSchema) !== null;
  }

  endedUntil(nowMs: number): string[] {
    return this.#mirror
      .entries(keys.endedSessions, endedSessionSchema)
      .filter(({ value }) => value.untilMs < nowMs)
      .map(({ key }) => key.slice(keys.endedSessions.length));
  }

  /** What these user roles allow together. */
  rights(roles: readonly string[]): Rights {
    return rightsOf(roles, (name) => this.userRole(name), this.#isInGroup);
  }

  /** The holder of a valid API token, else null. */
  apiToken(token: string, nowMs: number): Account | null {
    const found = verifyApiToken(token, (key) => this.#mirror.text(key), nowMs);
    return found && { name: `token ${found.name}`, coreId: null, rights: this.rights(found.roles) };
  }

  node(coreId: Uuid): NodeDefinition | null {
    return this.#mirror.get(keys.node(coreId), nodeDefinitionSchema);
  }

  nodes(): readonly NodeDefinition[] {
    return this.#mirror.list(keys.nodes, nodeDefinitionSchema);
  }

  tools(): readonly ToolDefinition[] {
    return this.#mirror.list(keys.tools, toolDefinitionSchema);
  }

  policies(): readonly PolicyDefinition[] {
    return this.#mirror.list(keys.policies, policyDefinitionSchema);
  }

  /** What new agents are given; nothing where nothing was set. */
  installation(): InstallationSettings {
    return this.#mirror.get(keys.installationSettings, installationSettingsSchema) ?? {};
  }

  depotFiles(): readonly DepotFile[] {
    return this.#mirror.list(keys.depotFiles, depotFileSchema);
  }

  deploymentHold(): DeploymentHold | null {
    return this.#mirror.get(keys.deploymentHold, deploymentHoldSchema);
  }

  deploymentOrder(): DeploymentOrder | null {
    return this.#mirror.get(keys.deploymentOrder, deploymentOrderSchema);
  }

  externalNodes(): readonly ExternalNode[] {
    return this.#mirror.list(keys.externalNodes, externalNodeSchema);
  }

  statusVariables(): readonly StatusVariable[] {
    return this.#mirror.list(keys.statusVariables, statusVariableSchema);
  }

  messageGroup(name: string): MessageGroup | null {
    return this.#mirror.get(keys.messageGroup(name), messageGroupSchema);
  }

  messageGroups(): readonly MessageGroup[] {
    return this.#mirror.list(keys.messageGroups, messageGroupSchema);
  }

  policyGroups(): readonly PolicyGroup[] {
    return this.#mirror.list(keys.policyGroups, policyGroupSchema);
  }

  /** What people say of nodes, by the name of the node. */
  nodeAttributes(name: string): NodeAttributes | null {
    return this.#mirror.get(keys.nodeAttributes(name), nodeAttributesSchema);
  }

  nodeGroups(): readonly NodeGroup[] {
    return this.#mirror.list(keys.nodeGroups, nodeGroupSchema);
  }

  /** Other pools, each with the authorities that it is believed by; none are trusted any more where there are none. */
  otherPools(): (OtherPool & { readonly authorities: readonly string[] })[] {
    const trusted = this.#mirror.get(keys.trust, trustSchema)?.authorities ?? [];
    return this.#mirror.list(keys.otherPools, otherPoolSchema).map((pool) => ({
      ...pool,
      authorities: trusted.filter((one) => one.pool === pool.id).map(({ certificatePem }) => certificatePem),
    }));
  }

  /** Whom rules of flexible management may name, and where agents reach them. */
  managerSystems(): ManagerSystems {
    const interfaces = this.interfaces().map(({ role, url }) => ({
      name: role.slice(virtualInterfacePrefix.length),
      url,
    }));
    const servers = this.servers().map((server) => {
      const [url = server.url] = publishedUrls(server);
      return { name: server.name, coreId: server.coreId, url };
    });
    const pools = this.otherPools().flatMap(({ id, name, servers: theirs, authorities }) =>
      theirs.length === 0 || authorities.length === 0
        ? []
        : [{ id, name, authorities: authorities.slice(0, 16), servers: [...theirs] }],
    );
    return { own: [...interfaces, ...servers], pools };
  }

  /** The primary manager that nodes were given, by the name of the node; those that are no more are left out. */
  primaries(): ReadonlyMap<string, ManagerSystem> {
    const { own } = this.managerSystems();
    const byName = new Map(own.map((system) => [system.name, system]));
    return new Map(
      this.#mirror.list(keys.primaries, primaryDefinitionSchema).flatMap(({ node, manager }) => {
        const system = byName.get(manager);
        return system ? [[node, system] as const] : [];
      }),
    );
  }

  /**
   * A number that grows with the definitions, also past a coordinator that was restored and confirmed. Null while they
   * are those of the last run, or are not followed.
   */
  generation(): number | null {
    if (!this.#mirror.live) return null;
    return this.generationOf(this.#mirror.revision);
  }

  /** The same of one revision of the coordinator that there is now. */
  generationOf(revision: number): number {
    return (this.pool()?.before?.length ?? 0) * revisionsMax + revision;
  }

  role(role: string): RoleDefinition | null {
    return this.#mirror.get(keys.role(role), roleDefinitionSchema);
  }

  roles(): readonly RoleDefinition[] {
    return this.#mirror.list(keys.roles, roleDefinitionSchema);
  }

  holder(role: string): Holder | null {
    return this.#mirror.get(keys.holder(role), holderSchema);
  }

  /** A session that lives; null for an ended one and for a server that never had one. */
  session(coreId: Uuid): Session | null {
    const session = this.#mirror.get(keys.session(coreId), sessionSchema);
    return session && !session.ended ? session : null;
  }

  /** The run whose word about its connections counts: that of a server that is alive. */
  liveOriginOf(coreId: Uuid): Origin | null {
    return this.session(coreId)?.origin ?? null;
  }

  /** Virtual interfaces in the order of their names; agents prefer the first. */
  interfaces(): { readonly role: string; readonly url: string }[] {
    return this.roles().flatMap(({ role, carrier }) => {
      const address = role.startsWith(virtualInterfacePrefix) ? carrierAddress(carrier) : null;
      return address === null ? [] : [{ role, url: `https://${address}` }];
    });
  }

  /** The same for an agent, which prefers the interface that it is configured with, if any. */
  addressList(): { servers: string[]; interfaces: number } {
    const servers = this.addresses().slice(0, 64);
    return { servers, interfaces: Math.min(this.interfaces().length, servers.length) };
  }

  /** Where agents and people reach the pool: virtual interfaces first, then the servers. */
  addresses(): string[] {
    const virtual = this.interfaces().map(({ url }) => url);
    return [...virtual, ...this.servers().flatMap(publishedUrls)];
  }
}
