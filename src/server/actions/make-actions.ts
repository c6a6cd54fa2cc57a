import { keys } from '../../model/definitions.ts';
import type { Removal } from '../../model/policy-api.ts';
import type { ToolRequest } from '../../model/action-api.ts';
import type { Deployment } from '../agents/deployment.ts';
import type { PolicyService } from '../configuration/policy-service.ts';
import type { ServerState } from '../server-state.ts';
import { actingRole } from '../../model/definitions.ts';
import { ActionService } from './action-service.ts';
import { AutomaticActions } from './automatic-actions.ts';
import { appendOrders, storeOrders } from './order-store.ts';
import { PolicyBook } from './policy-book.ts';

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
    book: policyBook(state, deployment),
    toolDefinitions: () => pool.tools(),
    revisionOf: (name) => mirror.revisionOf(keys.tool(name)),
    setTool: (name: string, { source, revision }: ToolRequest, by) =>
      policies.setDefinition({ kind: 'tool', name }, source, { revision, by, via: 'tool set' }),
    removeTool: (name: string, removal: Removal, by) =>
      policies.removeDefinition({ kind: 'tool', name }, removal, { by, via: 'tool remove' }),
    message: (id, scope) => store.messages.get(id, scope)?.message ?? null,
    isShared: (id) => store.messages.sharing.fromOf(id) !== null,
    record: (draft) => access.record(draft),
    store: (orders) => storeOrders(ports, orders),
  });
}

/** What policies have done by themselves, for the acting server to decide. */
export function makeAutomatic(state: ServerState, deployment: Deployment): AutomaticActions {
  const { parts, pool, self, grants, identities, access } = state;
  const { runtime, config, store } = parts;
  const { journal, messages } = store;
  const ports = { journal, credentials: () => identities.credentials };
  const automatic = new AutomaticActions({
    clock: runtime.clock,
    self: { coreId: self.coreId, name: self.name },
    pool: config.pool.id,
    book: policyBook(state, deployment),
    rows: messages.actions,
    journal,
    node: (coreId) => pool.node(coreId),
    nodeNamed: (name) => pool.nodes().find((node) => node.name === name) ?? null,
    epoch: () => grants.current(actingRole)?.epoch ?? null,
    record: (draft) => access.record(draft),
    append: (orders) => appendOrders(ports, orders),
    stateHlc: (message) => messages.stateVersion(message)?.hlc ?? 0,
  });
  journal.onCommit((entries) => automatic.committed(entries));
  return automatic;
}

function policyBook({ pool }: ServerState, deployment: Deployment): PolicyBook {
  return new PolicyBook({
    policies: () => pool.policies(),
    tools: () => pool.tools(),
    depotFiles: () => pool.depotFiles(),
    assigned: (nodeName) => deployment.assigned.of(nodeName).policies,
  });
}
