import type { Coordination } from '../../coordination/coordination.ts';
import { keys, type NodeDefinition } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import { deploymentHoldSchema, type DeploymentOrder } from '../../model/policy-definitions.ts';
import type { Clock } from '../../runtime/clock.ts';

const attemptsMax = 5;
const namedMax = 5;

interface Ports {
  readonly coordination: Coordination;
  readonly clock: Clock;
  readonly nodes: () => readonly NodeDefinition[];
  /** Resolves when this server's own copy has come to that revision, or does not get there soon. */
  readonly reached: (revision: number) => Promise<void>;
}

/**
 * Has nodes sent what they should run, by whichever server they are connected to: all of them, which ends a hold, or those
 * that are named, which releases them from it. Resolves with how many are meant. Errors: WK_NOT_FOUND (a node),
 * WK_CONFLICT (ordered by others at the same time), WK_COORDINATOR_AWAY.
 */
export async function orderDeployment(
  ports: Ports,
  names: readonly string[] | null,
  by: string,
): Promise<number> {
  const { coordination, clock, nodes, reached } = ports;
  const meant = names === null ? null : coreIdsOf(nodes(), names);
  const order: DeploymentOrder = { atMs: clock.wallMs(), by, nodes: meant };
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const held = await coordination.get(keys.deploymentHold);
    const hold = held === null ? null : deploymentHoldSchema.parse(JSON.parse(held.value));
    const released = { ...hold, released: [...new Set([...(hold?.released ?? []), ...(meant ?? [])])] };
    const value = meant === null ? null : JSON.stringify(released);
    const result = await coordination.transact({
      conditions: [{ key: keys.deploymentHold, revision: held?.revision ?? 0 }],
      writes: [
        { key: keys.deploymentOrder, value: JSON.stringify(order) },
        ...(held === null ? [] : [{ key: keys.deploymentHold, value }]),
      ],
    });
    if (!result.done) continue;
    await reached(result.revision);
    return meant?.length ?? nodes().length;
  }
  throw new WatchError('WK_CONFLICT', 'deployment is being ordered by others at the same time; try again');
}

function coreIdsOf(nodes: readonly NodeDefinition[], names: readonly string[]): string[] {
  const known = new Map(nodes.map(({ name, coreId }) => [name, coreId]));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new WatchError('WK_NOT_FOUND', `there is no node ${unknown.slice(0, namedMax).join(', ')}`);
  return [...new Set(names.flatMap((name) => known.get(name) ?? []))];
}
