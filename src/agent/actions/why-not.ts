import type { ActionOrder } from '../../model/action.ts';
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
  readonly whyForgotten: (order: ActionOrder) => string | null;
}

/** Why an order that a server of the pool has signed is not obeyed all the same; null when it is. */
export function whyNot(order: ActionOrder, rules: ActionRules): string | null {
  const { from, command, user } = order;
  const server = { ...from, isPrimary: rules.isPrimary(from.coreId) };
  if (order.node !== rules.node) return 'another node is meant';
  return (
    whyNotAct(rules.managers, server) ??
    whyNotProgram(rules.config, command[0]) ??
    whyNotUser(rules.config, user) ??
    rules.whyForgotten(order)
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
