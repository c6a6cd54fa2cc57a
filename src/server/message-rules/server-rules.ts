import { readPolicy } from '../../flexible-management/check-policy.ts';
import { decidedBy } from '../../flexible-management/decided-by.ts';
import { decideService, type ServiceDecision } from '../../flexible-management/decide.ts';
import type { MessageFacts, StatusVariables } from '../../flexible-management/message-facts.ts';
import type { FlexiblePolicy } from '../../flexible-management/syntax.ts';
import type { MessageMoment } from '../../flexible-management/time-template.ts';
import type { Handling } from '../../model/operation.ts';
import { serverFlexiblePolicySchema } from '../../model/policy.ts';
import type { PolicyDefinition } from '../../model/policy-definitions.ts';

/** A policy for servers that is in force. */
export interface ServerRules {
  readonly name: string;
  readonly policy: FlexiblePolicy;
}

/** What becomes of a message that is not worked on as it comes, and which rule says so. */
export interface Handled {
  readonly what: Handling;
  /** Of a held one: when service begins; null when that is not known. */
  readonly untilMs: number | null;
  readonly because: string;
}

/** Those in force, in the order of their names, which is the order in which they are asked. */
export function serverRules(policies: readonly PolicyDefinition[]): ServerRules[] {
  return policies
    .flatMap(({ name, source }): ServerRules[] => {
      const parsed = serverFlexiblePolicySchema.safeParse(source);
      if (!parsed.success || parsed.data.active === false) return [];
      const { policy } = readPolicy(parsed.data.text, 'server');
      return policy ? [{ name, policy }] : [];
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

const handlingOf: Readonly<Record<ServiceDecision['delivery'], Handling | null>> = {
  'at once': null,
  'held until service hours': 'held',
  suppressed: 'suppressed',
  'logged only': 'logged only',
};

/** By the first policy of which a service rule decides; null for a message that is worked on as it comes. */
export function handle(
  rules: readonly ServerRules[],
  facts: MessageFacts,
  when: MessageMoment,
  variables: StatusVariables = {},
): Handled | null {
  for (const { name, policy } of rules) {
    const decision = decideService(policy, facts, when, variables);
    if (decision.rule === null) continue;
    const what = handlingOf[decision.delivery];
    return what && { what, untilMs: decision.untilMs, because: decidedBy(name, decision) };
  }
  return null;
}
