import type { MessageMoment } from '../../flexible-management/time-template.ts';
import { isTimeZone } from '../../flexible-management/time-template.ts';
import type { NodeFacts } from '../../model/node-definitions.ts';

/** The label of a node that says in which time zone it is. */
export const timeZoneLabel = 'time-zone';

/** The time that counts is that of the node where somebody said in which zone it is. */
export function nodeMoment({ labels }: NodeFacts, epochMs: number, serverZone: string): MessageMoment {
  const told = labels[timeZoneLabel];
  return { epochMs, serverZone, nodeZone: told !== undefined && isTimeZone(told) ? told : serverZone };
}
