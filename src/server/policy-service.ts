import type { MessageStore } from '../messages/message-store.ts';
import type {
  NodeGroupRequest,
  NodeGroupView,
  NodePolicies,
  PolicyDetail,
  PolicyRequest,
} from '../model/policy-api.ts';
import { isNodeInScope, type Scope } from '../model/rights.ts';
import type { Mirror } from '../definitions/mirror.ts';
import type { Deployment } from './deployment.ts';
import type { PolicyPort } from './http/view.ts';
import type { PolicyEditor } from './policy-editor.ts';
import { nodeGroupViews, nodePolicies, policyViews } from './policy-views.ts';
import type { PoolView } from './pool-view.ts';

interface Ports {
  readonly deployment: Deployment;
  readonly editor: PolicyEditor;
  readonly mirror: Mirror;
  readonly pool: PoolView;
  readonly messages: MessageStore;
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

  groups(): NodeGroupView[] {
    return nodeGroupViews(this.#sources());
  }

  deployment(scope: Scope): NodePolicies[] {
    return nodePolicies(this.#sources()).filter(({ name }) => isNodeInScope(scope, name));
  }

  set(name: string, { source, revision }: PolicyRequest, by: string): Promise<void> {
    return this.#ports.editor.setPolicy(name, source, revision, by);
  }

  remove(name: string, revision: number | undefined, by: string): Promise<void> {
    return this.#ports.editor.removePolicy(name, revision, by);
  }

  setGroup(name: string, { revision, ...content }: NodeGroupRequest, by: string): Promise<void> {
    return this.#ports.editor.setGroup(name, content, revision, by);
  }

  removeGroup(name: string, revision: number | undefined, by: string): Promise<void> {
    return this.#ports.editor.removeGroup(name, revision, by);
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
