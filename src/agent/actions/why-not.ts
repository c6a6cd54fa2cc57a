import type { ActionOrder } from '../../model/action.ts';
import type { DepotBytes } from '../../model/depot.ts';
import type { Uuid } from '../../model/uuid.ts';
import { whyNotProgram, whyNotUser } from '../allowed.ts';
import type { AgentConfig } from '../config.ts';
import { whyNotAct } from '../managers/may-act.ts';
import type { NodeManagers } from '../managers/node-policies.ts';

/** What an agent goes by when it is asked to do something. */
export interface ActionRules {
  readonly node: Uuid;
  readonly config: Pick<AgentConfig, 'programs' | 'users'>;
  readonly managers: NodeManagers;
  readonly isPrimary: (server: Uuid) => boolean;
  /** Why this node does not take these files; null when it does. */
  readonly whyNotFiles: (files: readonly DepotBytes[]) => string | null;
  readonly whyForgotten: (order: ActionOrder) => string | null;
}

/** Why an order that a server of the pool has signed is not obeyed all the same; null when it is. */
export function whyNot(order: ActionOrder, rules: ActionRules): string | null {
  const { from, user } = order;
  const server = { ...from, isPrimary: rules.isPrimary(from.coreId) };
  if (order.node !== rules.node) return 'another node is meant';
  return (
    whyNotAct(rules.managers, server) ??
    whyNotFilesOf(order, rules) ??
    whyNotUser(rules.config, user) ??
    rules.whyForgotten(order)
  );
}

/** The word about programs is about those of the machine; about files of the depot the node has another. */
function whyNotFilesOf(
  { command, depot = [] }: ActionOrder,
  { config, whyNotFiles }: Pick<ActionRules, 'config' | 'whyNotFiles'>,
): string | null {
  const isProgram = depot.some(({ at }) => at === 0);
  return (
    (isProgram ? null : whyNotProgram(config, command[0])) ?? (depot.length === 0 ? null : whyNotFiles(depot))
  );
}

/**
 * Why nothing is done in the name of a role's former holder; null for who may still be the present one. No end of the action: who holds
 * the role now asks for it again.
 */
export function whySuperseded(
  { decision }: Pick<ActionOrder, 'decision'>,
  epochOf: (role: string) => number,
): string | null {
  if (decision === null) return null;
  const { role, epoch } = decision;
  const seen = epochOf(role);
  return epoch >= seen
    ? null
    : `it was decided by a former holder of role ${role}: epoch ${epoch}, and ${seen} was seen`;
}
