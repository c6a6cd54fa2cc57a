import type { Decided } from './decide.ts';

/** `rule "NAME" (line 3) of policy NAME, condition "NAME" (line 5)`: which rule decided, and what made it match. */
export function decidedBy(
  policyName: string,
  { rule, steps }: Pick<Decided<unknown>, 'rule' | 'steps'>,
): string {
  const at = `rule ${JSON.stringify(rule?.description ?? '')} (line ${rule?.at.line ?? 0}) of policy ${policyName}`;
  const hit = steps.at(-1)?.conditions.find(({ result }) => result.hit)?.condition;
  const condition = hit
    ? `condition ${JSON.stringify(hit.description ?? '')} (line ${hit.at.line})`
    : 'which takes every message';
  return printable(`${at}, ${condition}`);
}

/** A description may hold what a message may not. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f]/g, '\ufffd');
}
