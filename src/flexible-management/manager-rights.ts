import type { FlexiblePolicy } from './syntax.ts';
import { isMeant, type NodeFacts } from './system-reference.ts';

/** Whether a server may become the primary manager of a node: the one that is it may stay, and secondary managers may. */
export function mayBecomePrimary({ managers }: FlexiblePolicy, server: NodeFacts): boolean {
  return (
    server.isPrimary === true ||
    managers.some(({ secondary }) => secondary.some(({ system }) => isMeant(system, server)))
  );
}

/** Whether a server may run actions on a node. The primary manager may only if the list has it. */
export function mayAct({ managers }: FlexiblePolicy, server: NodeFacts): boolean {
  return managers.some(({ actionAllowed }) => actionAllowed.some(({ system }) => isMeant(system, server)));
}
