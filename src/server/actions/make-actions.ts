import { keys } from '../../model/definitions.ts';
import type { Removal } from '../../model/policy-api.ts';
import type { ToolRequest } from '../../model/action-api.ts';
import type { Deployment } from '../agents/deployment.ts';
import type { PolicyService } from '../configuration/policy-service.ts';
import type { ServerState } from '../server-state.ts';
import { ActionService } from './action-service.ts';
import { storeOrders } from './order-store.ts';

/** What the API does with tools and actions, put together from the parts of a server. */
export function makeActions(
  state: ServerState,
  deployment: Deployment,
  policies: Pick<PolicyService, 'setDefinition' | 'removeDefinition'>,
): ActionService {
  const { parts, pool, self, copies, identities, mirror, access } = state;
  const { runtime, config, store } = parts;
  const ports = { journal: store.journal, copies, credentials: () => identities.credentials };
  return new ActionService({
    ...runtime,
    self,
    pool: config.pool.id,
    rows: store.messages.actions,
    nodes: () => pool.nodes(),
    node: (coreId) => pool.node(coreId),
    nodeGroups: () => pool.nodeGroups().map(({ name }) => name),
    groupsOf: (nodeName) => deployment.assigned.groupsOf(nodeName),
    toolDefinitions: () => pool.tools(),
    revisionOf: (name) => mirror.revisionOf(keys.tool(name)),
    setTool: (name: string, { source, revision }: ToolRequest, by) =>
      policies.setDefinition({ kind: 'tool', name }, source, { revision, by, via: 'tool set' }),
    removeTool: (name: string, removal: Removal, by) =>
      policies.removeDefinition({ kind: 'tool', name }, removal, { by, via: 'tool remove' }),
    message: (id, scope) => store.messages.get(id, scope)?.message ?? null,
    record: (draft) => access.record(draft),
    store: (orders) => storeOrders(ports, orders),
  });
}
