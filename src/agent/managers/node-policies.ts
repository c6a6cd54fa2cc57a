import { readPolicy } from '../../flexible-management/check-policy.ts';
import { isSystemMeant } from '../../flexible-management/find-system.ts';
import type { FlexiblePolicy } from '../../flexible-management/syntax.ts';
import type { ManagerSystem, ManagerSystems, Policy } from '../../model/policy.ts';

/** A policy of flexible management, as it is asked. */
export interface NodeRules {
  readonly name: string;
  readonly policy: FlexiblePolicy;
  readonly systems: ManagerSystems;
}

/** Whom a node obeys and tells. */
export interface NodeManagers {
  /** In the order of their names. */
  readonly rules: readonly NodeRules[];
  /** Null: whoever the pool lists first. */
  readonly primary: ManagerSystem | null;
}

export const noManagers: NodeManagers = { rules: [], primary: null };

const nobody: ManagerSystems = { own: [], pools: [] };

/** What a set of policies says of managers. The set was checked. */
export function nodeManagers(policies: readonly Policy[]): NodeManagers {
  const rules = policies.flatMap((one): NodeRules[] => {
    if (one.kind !== 'flexible-management') return [];
    const { policy } = readPolicy(one.text, 'agent');
    return policy ? [{ name: one.name, policy, systems: one.systems ?? nobody }] : [];
  });
  const primary = policies.find((one) => one.kind === 'primary-manager')?.manager ?? null;
  return { rules: rules.toSorted((a, b) => (a.name < b.name ? -1 : 1)), primary };
}

/**
 * Why a node does not take this primary manager; null when it does. Where no policy names secondary managers every server
 * of the pool may be it, and who is it may stay.
 */
export function whyNotPrimary({ rules, primary }: NodeManagers, before: ManagerSystem | null): string | null {
  if (primary === null || primary.name === before?.name) return null;
  const lists = rules.flatMap(({ policy }) => policy.managers.flatMap(({ secondary }) => secondary));
  if (lists.length === 0 || lists.some(({ system }) => isSystemMeant(system, primary))) return null;
  const names = rules.map(({ name }) => name).join(', ');
  return `${primary.name} may not become the primary manager of this node: it is not among the SECONDARYMANAGERS of ${names}`;
}
