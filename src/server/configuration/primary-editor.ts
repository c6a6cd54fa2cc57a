import type { Coordination } from '../../coordination/coordination.ts';
import { keys, type NodeDefinition } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import { primaryDefinitionSchema } from '../../model/other-pools.ts';
import type { ManagerSystems } from '../../model/policy.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { OwnMessages } from '../health/own-messages.ts';

/** Below what etcd takes in one transaction. */
const writesMax = 100;
const namedMax = 5;

interface Ports {
  readonly coordination: Coordination;
  readonly clock: Clock;
  readonly ownMessages: Pick<OwnMessages, 'report'>;
  /** Who can be a primary manager: servers and virtual interfaces of this pool. */
  readonly own: () => ManagerSystems['own'];
  readonly nodes: () => readonly NodeDefinition[];
  readonly reached: (revision: number) => Promise<void>;
}

/**
 * Gives nodes another primary manager, or with null whoever the pool lists first. Whether a node follows is decided there:
 * its policies say who may become it. Begun twice it does no harm. Errors: WK_BAD_REQUEST (nobody of this pool is called so),
 * WK_NOT_FOUND (such a node), WK_COORDINATOR_AWAY.
 */
export async function setPrimary(
  ports: Ports,
  manager: string | null,
  nodes: readonly string[],
  by: string,
): Promise<void> {
  mustBeKnown(ports, manager, nodes);
  const changedMs = ports.clock.wallMs();
  const valueOf = (node: string): string | null =>
    manager === null ? null : JSON.stringify(primaryDefinitionSchema.parse({ node, manager, changedMs, by }));
  let last = 0;
  for (let at = 0; at < nodes.length; at += writesMax) {
    const writes = nodes
      .slice(at, at + writesMax)
      .map((node) => ({ key: keys.primary(node), value: valueOf(node) }));
    const result = await ports.coordination.transact({ conditions: [], writes });
    if (result.done) last = result.revision;
  }
  const whose = nodes.length === 1 ? `node ${nodes[0]}` : `${nodes.length} nodes`;
  ports.ownMessages.report({
    severity: 'normal',
    key: `primary-manager:${last}`,
    object: nodes.slice(0, namedMax).join(', '),
    text: `The primary manager of ${whose} is to be ${manager ?? 'whoever the pool lists first'}, set by ${by}`,
  });
  return ports.reached(last);
}

function mustBeKnown({ own, nodes: known }: Ports, manager: string | null, nodes: readonly string[]): void {
  const names = own().map(({ name }) => name);
  if (manager !== null && !names.includes(manager))
    throw new WatchError(
      'WK_BAD_REQUEST',
      `${manager} is no server or virtual interface of this pool; there are ${names.join(', ')}`,
    );
  const all = new Set(known().map(({ name }) => name));
  const unknown = nodes.filter((node) => !all.has(node));
  if (unknown.length > 0)
    throw new WatchError('WK_NOT_FOUND', `there is no node ${unknown.slice(0, namedMax).join(', ')}`);
}
