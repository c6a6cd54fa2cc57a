import type { Coordination } from '../coordination/coordination.ts';
import { keys } from '../model/definitions.ts';
import { WatchError } from '../model/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ListedIdentity } from './identity-list.ts';
import { revoke } from './revoke.ts';

/** Revokes a node's identity and takes its definition away; its name is free then, its core ID never again. */
export async function removeNode(
  ports: { readonly coordination: Coordination; readonly clock: Clock },
  node: ListedIdentity,
  by: string,
): Promise<void> {
  const { coordination } = ports;
  await revoke(ports, { identity: node, name: node.name, by, because: 'the node was removed' });
  const result = await coordination.transact({
    conditions: [],
    writes: [
      { key: keys.node(node.coreId), value: null },
      { key: keys.primary(node.name), value: null },
      { key: keys.certificate(node.coreId), value: null },
    ],
  });
  if (!result.done) throw new WatchError('WK_CONFLICT', 'the pool was changed in the meantime; try again');
}
