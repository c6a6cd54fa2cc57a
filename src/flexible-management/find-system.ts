import type { ManagerSystem, ManagerSystems } from '../model/policy.ts';
import { isMeant } from './system-reference.ts';
import type { Finding } from './finding.ts';
import { systemText } from './print-policy.ts';
import type { FlexiblePolicy, SystemReference } from './syntax.ts';

/** A server or a virtual interface; `pool` is null for one of the own pool. */
export interface FoundSystem {
  readonly system: ManagerSystem;
  readonly pool: ManagerSystems['pools'][number] | null;
}

/** Whom a rule means, looked for in the own pool first; null for `$OPC_PRIMARY_MGR`, and when nobody knows it. */
export function findSystem(reference: SystemReference, { own, pools }: ManagerSystems): FoundSystem | null {
  const ours = own.find((system) => isSystemMeant(reference, system));
  if (ours) return { system: ours, pool: null };
  for (const pool of pools) {
    const system = pool.servers.find((server) => isSystemMeant(reference, server));
    if (system) return { system, pool };
  }
  return null;
}

/** By core ID, by its name, or by the host of its address. */
export function isSystemMeant(reference: SystemReference, { name, coreId, url }: ManagerSystem): boolean {
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
  return (
    isMeant(reference, { name, coreId, addresses: [host] }) || isMeant(reference, { name: host, coreId })
  );
}

/** Targets whom nobody knows: messages would go to the primary manager instead. */
export function unknownTargets({ managers }: FlexiblePolicy, systems: ManagerSystems): Finding[] {
  const targets = managers.flatMap(({ rules }) =>
    rules.flatMap(({ outcome }) => (outcome.kind === 'targets' ? outcome.targets : [])),
  );
  return targets
    .filter(({ manager }) => manager.kind !== 'primary' && findSystem(manager, systems) === null)
    .map(({ manager, at }) => ({
      level: 'error',
      at,
      text: `OPCMGR ${systemText(manager)} is no server or virtual interface of this pool, nor one of another pool that it knows (other-pool set)`,
    }));
}
