import type { PolicyGroup } from '../model/node-definitions.ts';

/** Names of the policies that policy groups hold, also by other groups; a group that is not there holds none. */
export function policiesInGroups(
  names: readonly string[],
  groups: ReadonlyMap<string, Pick<PolicyGroup, 'policies' | 'groups'>>,
): string[] {
  const met = new Set(names);
  // Grows while it is walked, each group once, so that a circle ends too.
  for (const name of met) for (const held of groups.get(name)?.groups ?? []) met.add(held);
  return [...new Set([...met].flatMap((name) => groups.get(name)?.policies ?? []))];
}
