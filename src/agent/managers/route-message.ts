import { decidedBy, printable } from '../../flexible-management/decided-by.ts';
import { decideTargets, type Decided } from '../../flexible-management/decide.ts';
import { findSystem } from '../../flexible-management/find-system.ts';
import { factsOfMessage } from '../../flexible-management/message-facts.ts';
import { systemText } from '../../flexible-management/print-policy.ts';
import type { Target } from '../../flexible-management/syntax.ts';
import { messageLimits, type Message } from '../../model/message.ts';
import type { NodeName } from '../buffer/batch.ts';
import type { Routed } from '../buffer/buffer.ts';
import type { NodeManagers, NodeRules } from './node-policies.ts';

/** Said with every message that a rule decided about, so that whoever reads it sees why it is there. */
export const sentToAttribute = 'sent to';
export const sentBecauseAttribute = 'sent because';

/**
 * Who gets a message that is made at this moment: the first target in time of the first rule that decides, by the clock on
 * the node's wall; without one, and where a rule names somebody whom nobody knows any more, the primary manager.
 * The servers of a pool stand in for each other, so the pool is what a message is sent to.
 */
export function routeMessage(
  { rules }: NodeManagers,
  node: NodeName,
  message: Message,
  zone: string,
): Routed {
  const when = { epochMs: message.createdMs, nodeZone: zone, serverZone: zone };
  const facts = factsOfMessage(message, { name: node.name, coreId: node.coreId });
  for (const one of rules) {
    const decided = decideTargets(one.policy, facts, when);
    const [target] = decided.found;
    if (target) return routed(message, one, decided, target);
  }
  return { message, target: '' };
}

function routed(
  message: Message,
  { name, systems }: NodeRules,
  decided: Decided<Target>,
  target: Target,
): Routed {
  const place = decidedBy(name, decided);
  if (target.manager.kind === 'primary')
    return { message: withReason(message, 'the primary manager', place), target: '' };
  const found = findSystem(target.manager, systems);
  if (found === null) {
    const because = `${place} names ${systemText(target.manager)}, whom the pool does not know`;
    return { message: withReason(message, 'the primary manager', because), target: '' };
  }
  const { pool, system } = found;
  const to =
    pool === null ? `${system.name} (as every server of its pool)` : `${system.name} of pool ${pool.name}`;
  return { message: withReason(message, to, place), target: pool?.id ?? '' };
}

/** A message that has no room for it goes without. */
function withReason(message: Message, to: string, because: string): Message {
  const attributes = {
    ...message.attributes,
    [sentToAttribute]: to.slice(0, messageLimits.attributeValueCharsMax).toWellFormed(),
    [sentBecauseAttribute]: printable(because).slice(0, messageLimits.attributeValueCharsMax).toWellFormed(),
  };
  return Object.keys(attributes).length > messageLimits.attributesMax ? message : { ...message, attributes };
}
