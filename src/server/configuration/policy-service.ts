import type { MessageStore } from '../../messages/message-store.ts';
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
import type { RulesExplainRequest, RulesExplanation } from '../../model/flexible-api.ts';
import { isNodeInScope, type Scope } from '../../model/rights.ts';
import type { Content } from '../../definitions/canonical.ts';
import type { ConfigNow } from '../../definitions/config-now.ts';
import type { Mirror } from '../../definitions/mirror.ts';
import type { DefinitionPlace } from '../../model/config.ts';
import { codeOf } from '../../model/errors.ts';
import type { ConfigEditor } from './config-editor.ts';
import type { ConfigService } from './config-service.ts';
import type { Deployment } from '../agents/deployment.ts';
import type { PolicyPort } from '../http/view.ts';
import { nodeGroupViews, nodePolicies, policyViews } from './policy-views.ts';
import { setPrimary } from './primary-editor.ts';
import { explainRules } from '../message-rules/explain-rules.ts';
import type { PoolView } from '../views/pool-view.ts';

interface Ports {
  readonly deployment: Deployment;
  readonly editor: ConfigEditor;
  readonly config: ConfigService;
  readonly now: ConfigNow;
  readonly order: (nodes: readonly string[] | null, by: string) => Promise<number>;
  readonly primaries: Parameters<typeof setPrimary>[0];
  readonly mirror: Mirror;
  readonly pool: PoolView;
  readonly messages: MessageStore;
  readonly serverZone: () => string;
}

/** What the API does with policies and node groups. */
export class PolicyService implements PolicyPort {
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  list(): PolicyDetail[] {
    return policyViews(this.#sources());
  }

  find(name: string): PolicyDetail | null {
    return policyViews(this.#sources(), name)[0] ?? null;
  }

  groups(): NodeGroupView[] {
    return nodeGroupViews(this.#sources());
  }

  /** In the order of their names. */
  deployment(scope: Scope): NodePolicies[] {
    return nodePolicies(this.#sources())
      .filter(({ name }) => isNodeInScope(scope, name))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  held(): DeploymentHeld | null {
    const { pool } = this.#ports;
    const hold = pool.deploymentHold();
    if (hold === null) return null;
    const released = hold.released.map((coreId) => pool.node(coreId)?.name ?? coreId);
    return { sinceMs: hold.sinceMs, by: hold.by, released };
  }

  explain({ message, atMs }: RulesExplainRequest): RulesExplanation {
    const { deployment, pool, serverZone } = this.#ports;
    const { name } = message.node;
    const node = deployment.factsOf(name);
    const known = pool.nodes().find((one) => one.name === name);
    const addresses = node.address === null ? [] : [node.address];
    const now = {
      policies: pool.policies(),
      statusVariables: pool.statusVariables(),
      systems: pool.managerSystems(),
      isInGroup: (nodeName: string, group: string) => pool.isInGroup(nodeName, group),
      node,
      serverZone: serverZone(),
    };
    const facts = { coreId: known?.coreId, addresses, ...message.node };
    return explainRules(now, { ...message, node: facts }, atMs);
  }

  deploy({ nodes }: DeployRequest, by: string): Promise<number> {
    return this.#ports.order(nodes, by);
  }

  set(name: string, { source, revision }: PolicyRequest, by: string): Promise<void> {
    return this.setDefinition({ kind: 'policy', name }, source, { revision, by, via: 'policy set' });
  }

  remove(name: string, removal: Removal | undefined, by: string): Promise<void> {
    return this.removeDefinition({ kind: 'policy', name }, removal, { by, via: 'policy remove' });
  }

  setPrimary({ manager, nodes }: PrimaryRequest, by: string): Promise<void> {
    return setPrimary(this.#ports.primaries, manager, nodes, by);
  }

  setGroup(name: string, { revision, ...content }: NodeGroupRequest, by: string): Promise<void> {
    return this.setDefinition({ kind: 'node-group', name }, content, { revision, by, via: 'node-group set' });
  }

  removeGroup(name: string, removal: Removal | undefined, by: string): Promise<void> {
    return this.removeDefinition({ kind: 'node-group', name }, removal, { by, via: 'node-group remove' });
  }

  /** Without a revision whatever is there is replaced, also what came a moment ago. */
  async setDefinition(
    place: DefinitionPlace,
    content: Content,
    {
      revision = 0,
      by,
      via,
    }: { readonly revision?: number | undefined; readonly by: string; readonly via: string },
  ): Promise<void> {
    const { editor, now } = this.#ports;
    for (let attempt = 1; ; attempt++) {
      const seen = revision === 0 ? (now.find(place)?.revision ?? 0) : revision;
      try {
        await editor.apply([{ ...place, revision: seen, content: { ...content } }], author(by), { via });
        return;
      } catch (error) {
        const isLate = codeOf(error) === 'WK_CONFLICT' && (now.find(place)?.revision ?? 0) !== seen;
        if (revision !== 0 || !isLate || attempt === attemptsMax) throw error;
      }
    }
  }

  /** Errors: WK_NOT_FOUND, WK_CONFLICT. */
  removeDefinition(
    place: DefinitionPlace,
    { revision = 0, force = false }: Removal = {},
    { by, via }: { readonly by: string; readonly via: string },
  ): Promise<void> {
    return this.#ports.config.remove(place, { revision, force, via }, author(by));
  }

  #sources() {
    const { deployment, pool, messages, mirror } = this.#ports;
    return {
      assigned: deployment.assigned,
      policies: pool.policies(),
      groups: pool.nodeGroups(),
      nodes: pool.nodes(),
      statuses: messages.nodes((coreId) => pool.liveOriginOf(coreId)),
      revisionOf: (key: string) => mirror.revisionOf(key),
    };
  }
}

const attemptsMax = 5;

function author(name: string) {
  return { name, coreId: null };
}
