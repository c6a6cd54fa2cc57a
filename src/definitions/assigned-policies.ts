import type { DepotBytes, DepotFile, DepotFiles } from '../model/depot.ts';
import type { NodeFacts, PolicyGroup } from '../model/node-definitions.ts';
import { isForServers, type ManagerSystem, type ManagerSystems } from '../model/policy.ts';
import type { NodeGroup, PolicyDefinition } from '../model/policy-definitions.ts';
import { depotNamesOf } from '../policies/depot-reference.ts';
import { withoutActions } from '../policies/policy-actions.ts';
import { policySet, type PolicySet, type PolicySource } from '../policies/policy-set.ts';
import { nodeMatcher } from './node-matcher.ts';
import { policiesInGroups } from './policies-in-groups.ts';

export interface Assigned extends PolicySet {
  /** Names, in the order of the set; a primary manager has none. */
  readonly policies: readonly string[];
  /** Groups that the node belongs to. */
  readonly groups: readonly string[];
  /** What the set needs of the depot. */
  readonly files: readonly DepotBytes[];
  /** The name of the primary manager that it was given. */
  readonly primary: string | null;
}

/** Whom rules may name, and the primary manager that nodes were given, by the name of the node. */
export interface KnownManagers {
  readonly systems: ManagerSystems;
  readonly primaries: ReadonlyMap<string, ManagerSystem>;
}

/** What belongs to nodes beside their groups. */
export interface NodeKnowledge {
  readonly policyGroups: readonly PolicyGroup[];
  /** What policies may bring along. */
  readonly depotFiles?: readonly DepotFile[];
  /** What rules are about. */
  readonly factsOf: (nodeName: string) => NodeFacts;
}

/** One and the same, so that whoever compares facts sees that nothing has changed. */
export const noLabels: NodeFacts['labels'] = {};

/** Of a node that nothing is known of but its name. */
export function nameAlone(name: string): NodeFacts {
  return { name, address: null, system: null, labels: noLabels };
}

/**
 * Which policies each node gets: those of every group that it belongs to. Made once for a state of the definitions; nodes
 * with the same groups share a set.
 */
export class AssignedPolicies {
  readonly #groups: ReadonlyMap<string, NodeGroup>;
  readonly #policies: ReadonlyMap<string, PolicyDefinition>;
  readonly #managers: KnownManagers;
  readonly #sets = new Map<string, Assigned>();
  readonly #groupsOf = new Map<string, { readonly facts: NodeFacts; readonly groups: readonly string[] }>();
  /** For each group those that hold it, itself included. */
  readonly #holders: ReadonlyMap<string, readonly string[]>;

  readonly #matchers: ReadonlyMap<string, (node: NodeFacts) => boolean>;
  readonly #policyGroups: ReadonlyMap<string, PolicyGroup>;
  readonly #factsOf: NodeKnowledge['factsOf'];
  readonly #depot: ReadonlyMap<string, DepotBytes>;
  /** For each policy the groups that name it; found when first asked for. */
  #naming: ReadonlyMap<string, readonly string[]> | null = null;

  constructor(
    groups: readonly NodeGroup[],
    policies: readonly PolicyDefinition[],
    managers: KnownManagers = { systems: { own: [], pools: [] }, primaries: new Map() },
    { policyGroups, depotFiles = [], factsOf }: NodeKnowledge = { policyGroups: [], factsOf: nameAlone },
  ) {
    this.#managers = managers;
    this.#policyGroups = new Map(policyGroups.map((group) => [group.name, group]));
    this.#factsOf = factsOf;
    this.#depot = new Map(depotFiles.map(({ name, sha256, sizeBytes }) => [name, { sha256, sizeBytes }]));
    this.#matchers = new Map(groups.map((group) => [group.name, nodeMatcher(group)]));
    this.#groups = new Map(groups.map((group) => [group.name, group]));
    this.#policies = new Map(policies.map((policy) => [policy.name, policy]));
    this.#holders = holdersOf(groups);
  }

  of(nodeName: string): Assigned {
    const groups = this.groupsOf(nodeName);
    const primary = this.#managers.primaries.get(nodeName) ?? null;
    const key = [primary?.name ?? '', ...groups].join(' ');
    const known = this.#sets.get(key);
    if (known) return known;
    const assigned = this.#assign(groups, primary);
    this.#sets.set(key, assigned);
    return assigned;
  }

  /** In the order of their names. Found once for what is known of the node: every list of nodes asks for all of them. */
  groupsOf(nodeName: string): readonly string[] {
    const facts = this.#factsOf(nodeName);
    const known = this.#groupsOf.get(nodeName);
    if (known && isSameNode(known.facts, facts)) return known.groups;
    const found = new Set<string>();
    for (const [name, fits] of this.#matchers)
      if (fits(facts)) for (const holder of this.#holders.get(name) ?? []) found.add(holder);
    const groups = [...found].toSorted();
    this.#groupsOf.set(nodeName, { facts, groups });
    return groups;
  }

  /** Groups that name the policy, themselves or by a policy group, in the order in which they were given. */
  groupsNaming(policy: string): readonly string[] {
    this.#naming ??= this.#findNaming();
    return this.#naming.get(policy) ?? [];
  }

  #findNaming(): Map<string, string[]> {
    const naming = new Map<string, string[]>();
    for (const group of this.#groups.keys())
      for (const policy of new Set(this.#policiesOf(group)))
        naming.set(policy, [...(naming.get(policy) ?? []), group]);
    return naming;
  }

  /** A policy that a group names and nobody has defined yet comes when it is. */
  #assign(groups: readonly string[], primary: ManagerSystem | null): Assigned {
    const names = new Set(groups.flatMap((group) => this.#policiesOf(group)));
    const policies = [...names].filter((name) => this.#isForNodes(name)).toSorted();
    const sources = policies.flatMap((name) => {
      const policy = this.#policies.get(name);
      return policy ? [this.#complete(policy.source)] : [];
    });
    const first = primary === null ? [] : [{ ...primaryManager, manager: primary }];
    const files = policies.flatMap((name) => Object.values(this.#filesOf(this.#policies.get(name)?.source)));
    return {
      ...policySet([...first, ...sources]),
      policies,
      groups,
      files: [...new Map(files.map((file) => [file.sha256, file])).values()],
      primary: primary?.name ?? null,
    };
  }

  /** What servers follow is refused in groups when it is written; a group that names it all the same brings nobody anything. */
  #isForNodes(name: string): boolean {
    const policy = this.#policies.get(name);
    return policy !== undefined && !isForServers(policy.source['kind']);
  }

  /** Rules name servers; agents need to know where those are and whom to believe. Commands name files, of which they need the digests. */
  #complete(written: PolicySource): PolicySource {
    const source = withoutActions(written);
    if (source['kind'] === 'flexible-management') return { ...source, systems: this.#managers.systems };
    const files = this.#filesOf(source);
    return Object.keys(files).length === 0 ? source : { ...source, depot: files };
  }

  /** In the order in which they are named; one that the depot has not is refused by the agent. */
  #filesOf(source: PolicySource = {}): DepotFiles {
    return Object.fromEntries(
      depotNamesOf(source).flatMap((name) => {
        const file = this.#depot.get(name);
        return file === undefined ? [] : [[name, file]];
      }),
    );
  }

  #policiesOf(groupName: string): string[] {
    const { policies = [], policyGroups = [] } = this.#groups.get(groupName) ?? {};
    return [...policies, ...policiesInGroups(policyGroups, this.#policyGroups)];
  }
}

function isSameNode(a: NodeFacts, b: NodeFacts): boolean {
  return a.address === b.address && a.system === b.system && a.labels === b.labels;
}

const primaryManager = { kind: 'primary-manager', name: 'primary-manager' } as const;

function holdersOf(groups: readonly NodeGroup[]): Map<string, string[]> {
  const direct = new Map<string, string[]>();
  for (const group of groups)
    for (const held of group.groups) direct.set(held, [...(direct.get(held) ?? []), group.name]);
  return new Map(groups.map(({ name }) => [name, reachable(name, direct)]));
}

/** Also from a circle, which cannot be written but might be met: two writers at once each saw none. */
function reachable(from: string, direct: ReadonlyMap<string, readonly string[]>): string[] {
  const found = new Set([from]);
  for (const name of found) for (const holder of direct.get(name) ?? []) found.add(holder);
  return [...found];
}
