import type { MessageFacts, StatusVariables } from './message-facts.ts';
import type { MessageCondition, PatternText } from './syntax.ts';
import { isMeant } from './system-reference.ts';
import { matchTextPattern } from './text-pattern/match-text-pattern.ts';
import { parseTextPattern, type PatternTree } from './text-pattern/parse-text-pattern.ts';

/** The attributes of a condition, by the words of the language. */
export type ConditionAttribute =
  | 'SEVERITY'
  | 'NODE'
  | 'APPLICATION'
  | 'MSGGRP'
  | 'OBJECT'
  | 'MSGTYPE'
  | 'TEXT'
  | 'SERVICE_NAME'
  | 'CONDSTATUSVAR';

export type ConditionResult =
  | { readonly hit: true }
  /** `tooCostly`: its pattern would have taken too long on this text, and counts as not matching. */
  | { readonly hit: false; readonly missed: ConditionAttribute; readonly tooCostly: boolean };

/** Every attribute that is given must fit; the first that does not is told. */
export function matchCondition(
  condition: MessageCondition,
  message: MessageFacts,
  variables: StatusVariables,
): ConditionResult {
  const { severities, nodes, statusVariable } = condition;
  const missed = (attribute: ConditionAttribute, tooCostly = false): ConditionResult => ({
    hit: false,
    missed: attribute,
    tooCostly,
  });
  if (severities && !severities.includes(message.severity)) return missed('SEVERITY');
  if (nodes && !nodes.some((node) => isMeant(node, message.node))) return missed('NODE');
  if (differs(condition.application, message.application)) return missed('APPLICATION');
  if (differs(condition.group, message.group)) return missed('MSGGRP');
  if (differs(condition.object, message.object)) return missed('OBJECT');
  if (differs(condition.messageType, message.messageType)) return missed('MSGTYPE');
  if (statusVariable !== null && variables[statusVariable] !== true) return missed('CONDSTATUSVAR');
  const text = match(condition.text, message.text);
  if (text !== 'match') return missed('TEXT', text === 'gave up');
  const service = match(condition.service, message.service);
  return service === 'match' ? { hit: true } : missed('SERVICE_NAME', service === 'gave up');
}

/** Compared as they stand; an empty text in the condition is any. */
function differs(wanted: string | null, found: string | undefined): boolean {
  return wanted !== null && wanted !== '' && wanted !== found;
}

function match(pattern: PatternText | null, text: string | undefined): 'match' | 'no match' | 'gave up' {
  if (pattern === null || pattern.source === '') return 'match';
  return matchTextPattern(treeOf(pattern), text ?? '', pattern).kind;
}

const trees = new WeakMap<PatternText, PatternTree>();

/** Parsed once a policy; checked policies have patterns that parse. */
function treeOf(pattern: PatternText): PatternTree {
  const known = trees.get(pattern);
  if (known) return known;
  const tree = parseTextPattern(pattern.source);
  trees.set(pattern, tree);
  return tree;
}
