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
  readonly epochOf: (role: string) => number;
  readonly whyForgotten: (order: ActionOrder) => string | null;
}

/** Why an order that a server of the pool has signed is not obeyed all the same; null when it is. */
export function whyNot(order: ActionOrder, rules: ActionRules): string | null {
  const { from, command, user, decision } = order;
  const server = { ...from, isPrimary: rules.isPrimary(from.coreId) };
  if (order.node !== rules.node) return 'another node is meant';
  return (
    whyNotAct(rules.managers, server) ??
    whyNotProgram(rules.config, command[0]) ??
    whyNotUser(rules.config, user) ??
    rules.whyForgotten(order) ??
    whyNotDecision(decision, rules)
  );
}

function whyNotDecision(
  decision: ActionOrder['decision'],
  { epochOf }: Pick<ActionRules, 'epochOf'>,
): string | null {
  if (decision === null) return null;
  const { role, epoch } = decision;
  const seen = epochOf(role);
  return epoch >= seen
    ? null
    : `it was decided by a former holder of role ${role}: epoch ${epoch}, and ${seen} was seen`;
}
