import { findSystem } from '../../flexible-management/find-system.ts';
import type { ManagerSystem, ManagerSystems } from '../../model/policy.ts';
import type { NodeManagers } from './node-policies.ts';

type OtherPool = ManagerSystems['pools'][number];

/** The other pools that some rule sends messages to, whatever the hour; the servers that rules name come first. */
export function otherPoolsOf({ rules }: NodeManagers): readonly OtherPool[] {
  const found = new Map<string, { readonly pool: OtherPool; readonly named: Set<ManagerSystem> }>();
  for (const { policy, systems } of rules)
    for (const { outcome } of policy.managers.flatMap((managers) => managers.rules))
      for (const { manager } of outcome.kind === 'targets' ? outcome.targets : []) {
        const target = findSystem(manager, systems);
        if (!target?.pool) continue;
        const known = found.get(target.pool.id) ?? { pool: target.pool, named: new Set() };
        known.named.add(target.system);
        found.set(target.pool.id, known);
      }
  return [...found.values()].map(({ pool, named }) => ({
    ...pool,
    servers: [...named, ...pool.servers.filter((server) => !named.has(server))],
  }));
}
