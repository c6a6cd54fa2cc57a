import { hash } from 'node:crypto';
import { matchesGlob } from '../../model/glob.ts';
import type { NodePolicies } from '../../model/policy-api.ts';

/** Which nodes are meant; without any of it none. */
export interface NodeChoice {
  readonly patterns: readonly string[];
  readonly groups: readonly string[];
  readonly all: boolean;
}

/** In an order that mixes sites and kinds, always the same, so that a run that was stopped goes on where it was. */
export function chosenNodes(nodes: readonly NodePolicies[], choice: NodeChoice): NodePolicies[] {
  const isChosen = ({ name, groups }: NodePolicies): boolean =>
    choice.all ||
    choice.patterns.some((pattern) => matchesGlob(pattern, name)) ||
    choice.groups.some((group) => groups.includes(group));
  const rank = ({ name }: NodePolicies): string => hash('sha256', name);
  return nodes.filter(isChosen).toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

/** How many nodes have had their turn after each phase: `[10, 50, 100]` of 37 are 4, 19, 37. */
export function phaseEnds(percentages: readonly number[], nodes: number): number[] {
  const ends = percentages.map((percent) => Math.ceil((nodes * percent) / 100));
  return ends.filter((end, at) => end > (ends[at - 1] ?? 0));
}

/** `10%,50%,100%`, growing; null for anything else. The last phase is always of all. */
export function parsePercentages(text: string): number[] | null {
  const numbers = text.split(',').map((part) => Number(/^(\d{1,3})%?$/.exec(part.trim())?.[1] ?? NaN));
  const isGood = numbers.every((one, at) => one >= 1 && one <= 100 && one > (numbers[at - 1] ?? 0));
  if (!isGood) return null;
  return numbers.at(-1) === 100 ? numbers : [...numbers, 100];
}

export interface Progress {
  readonly followed: readonly NodePolicies[];
  readonly refused: readonly NodePolicies[];
  /** Not connected, or about to answer. */
  readonly silent: readonly NodePolicies[];
}

/** How far those are whose turn it was. */
export function progressOf(nodes: readonly NodePolicies[], manager: string | null): Progress {
  const isSet = ({ primary }: NodePolicies): boolean => primary === manager;
  const followed = nodes.filter((node) => isSet(node) && node.state === 'current');
  const refused = nodes.filter((node) => isSet(node) && node.state === 'refused');
  const silent = nodes.filter((node) => !followed.includes(node) && !refused.includes(node));
  return { followed, refused, silent };
}
