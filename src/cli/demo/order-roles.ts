import type { Coordination } from '../../coordination/coordination.ts';
import {
  keys,
  roleDefinitionSchema,
  serverDefinitionSchema,
  type RoleDefinition,
} from '../../model/definitions.ts';

/**
 * Gives every role the same order of servers, by name, so that all of them go to the same server when one is lost:
 * whoever watches sees one server take over, not two that share.
 */
export async function orderRoles(coordination: Coordination): Promise<void> {
  const { items } = await coordination.list(keys.servers);
  const servers = items.map(({ value }) => serverDefinitionSchema.parse(JSON.parse(value)));
  const order = servers.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ coreId }) => coreId);
  for (const { key, value, revision } of (await coordination.list(keys.roles)).items) {
    const definition: RoleDefinition = { ...roleDefinitionSchema.parse(JSON.parse(value)), order };
    // Should a server change it just now, its own change is what counts: the order is a nicety.
    await coordination.transact({
      conditions: [{ key, revision }],
      writes: [{ key, value: JSON.stringify(definition) }],
    });
  }
}
