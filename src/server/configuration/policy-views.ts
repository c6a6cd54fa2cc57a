import type { AssignedPolicies, Assigned } from '../../definitions/assigned-policies.ts';
import type { NodeStatus } from '../../messages/connections.ts';
import { keys, type NodeDefinition } from '../../model/definitions.ts';
import type { NodeGroupView, NodePolicies, PolicyDetail, PolicyView } from '../../model/policy-api.ts';
import {
  deploymentStates,
  policiesRunningSchema,
  type DeploymentState,
  type NodeGroup,
  type PoliciesRunning,
  type PolicyDefinition,
} from '../../model/policy-definitions.ts';

interface Sources {
  readonly assigned: AssignedPolicies;
  readonly policies: readonly PolicyDefinition[];
  readonly groups: readonly NodeGroup[];
  readonly nodes: readonly NodeDefinition[];
  readonly statuses: readonly NodeStatus[];
  readonly revisionOf: (key: string) => number;
}

/** Every enrolled node with what it should run and what it says it runs. */
export function nodePolicies({
  assigned,
  nodes,
  statuses,
}: Omit<Sources, 'policies' | 'groups' | 'revisionOf'>): NodePolicies[] {
  const known = new Map(statuses.map((status) => [status.coreId, status]));
  return nodes.map(({ coreId, name }) => {
    const wanted = assigned.of(name);
    const running = runningOf(known.get(coreId)?.policies ?? null);
    const { groups, policies, digest, primary } = wanted;
    return {
      coreId,
      name,
      state: stateOf(wanted, running),
      groups: [...groups],
      policies: [...policies],
      primary,
      digest,
      running,
    };
  });
}

function stateOf({ digest }: Assigned, running: PoliciesRunning | null): DeploymentState {
  if (running === null) return 'unknown';
  if (running.digest === digest) return 'current';
  return running.refused?.digest === digest ? 'refused' : 'pending';
}

function runningOf(json: string | null): PoliciesRunning | null {
  if (json === null) return null;
  const parsed = policiesRunningSchema.safeParse(JSON.parse(json));
  return parsed.success ? parsed.data : null;
}

/** Of all policies, or of one. */
export function policyViews(sources: Sources, only?: string): PolicyDetail[] {
  const counts = countsByPolicy(nodePolicies(sources));
  const wanted = only === undefined ? sources.policies : sources.policies.filter(({ name }) => name === only);
  return wanted.map(({ name, source, changedMs, by }) => ({
    name,
    kind: typeof source['kind'] === 'string' ? source['kind'] : '',
    groups: [...sources.assigned.groupsNaming(name)],
    nodes: counts.get(name) ?? noNodes(),
    revision: sources.revisionOf(keys.policy(name)),
    changedMs,
    by,
    source,
  }));
}

/** In one walk over all nodes, however many policies there are. */
function countsByPolicy(nodes: readonly NodePolicies[]): Map<string, PolicyView['nodes']> {
  const counts = new Map<string, PolicyView['nodes']>();
  for (const { policies, state } of nodes)
    for (const policy of policies) {
      const known = counts.get(policy) ?? noNodes();
      known[state] += 1;
      counts.set(policy, known);
    }
  return counts;
}

function noNodes(): PolicyView['nodes'] {
  return Object.fromEntries(deploymentStates.map((state) => [state, 0])) as PolicyView['nodes'];
}

export function nodeGroupViews({ assigned, groups, nodes, revisionOf }: Sources): NodeGroupView[] {
  const members = new Map<string, number>();
  for (const { name } of nodes)
    for (const group of assigned.groupsOf(name)) members.set(group, (members.get(group) ?? 0) + 1);
  return groups.map((group) => ({
    ...group,
    members: members.get(group.name) ?? 0,
    revision: revisionOf(keys.nodeGroup(group.name)),
  }));
}
