import type { Coordination } from '../coordination/coordination.ts';
import { actingRole, keys, type RoleDefinition } from '../model/definitions.ts';

/** The one role that every pool has. Does nothing where it is defined already. */
export async function ensureActing(coordination: Coordination): Promise<void> {
  const key = keys.role(actingRole);
  const definition: RoleDefinition = {
    role: actingRole,
    order: [],
    failback: 'manual',
    pinned: null,
    carrier: null,
  };
  await coordination.transact({
    conditions: [{ key, revision: 0 }],
    writes: [{ key, value: JSON.stringify(definition) }],
  });
}
