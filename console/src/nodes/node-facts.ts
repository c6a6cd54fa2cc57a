import type { NodeView } from '../../../src/model/api.ts';
import type { NodePolicies } from '../../../src/model/policy-api.ts';

/** All that is known of one node. `policies` is null until the deployment is known, or for a node that never joined. */
export interface NodeFacts {
  readonly node: NodeView;
  readonly policies: NodePolicies | null;
}

/** A group with the nodes that are in it, also by the groups that it holds. */
export interface GroupFacts {
  /** Null: the nodes of no group. */
  readonly name: string | null;
  readonly nodes: readonly NodeFacts[];
  readonly away: number;
  /** Nodes that do not run what they should. */
  readonly drifted: number;
}

export function nodeFacts(nodes: readonly NodeView[], deployed: readonly NodePolicies[]): NodeFacts[] {
  const byId = new Map(deployed.map((one) => [one.coreId, one]));
  return nodes.map((node) => ({ node, policies: byId.get(node.coreId) ?? null }));
}

/** Whether it runs something else than it should. Nothing is known of one that never said what it runs. */
export function isDrifted({ policies }: NodeFacts): boolean {
  return policies !== null && policies.state !== 'current' && policies.policies.length > 0;
}

/** A node of several groups stands in each of them; the nodes of none come last. */
export function groupsOf(all: readonly NodeFacts[]): GroupFacts[] {
  const members = new Map<string | null, NodeFacts[]>();
  for (const facts of all) {
    const groups: readonly (string | null)[] = facts.policies?.groups ?? [];
    for (const group of groups.length === 0 ? [null] : groups) {
      // In place: a copy for each of ten thousand nodes would take seconds.
      const known = members.get(group);
      if (known === undefined) members.set(group, [facts]);
      else known.push(facts);
    }
  }
  return [...members]
    .map(([name, nodes]) => ({
      name,
      nodes,
      away: nodes.filter(({ node }) => node.connectedTo === null).length,
      drifted: nodes.filter(isDrifted).length,
    }))
    .sort((a, b) => (a.name === null ? 1 : b.name === null ? -1 : a.name < b.name ? -1 : 1));
}
