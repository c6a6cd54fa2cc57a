import { readPolicy } from '../../flexible-management/check-policy.ts';
import { decidedBy } from '../../flexible-management/decided-by.ts';
import { decideService, decideTargets, type ServiceDecision } from '../../flexible-management/decide.ts';
import { findSystem } from '../../flexible-management/find-system.ts';
import type { MessageFacts, StatusVariables } from '../../flexible-management/message-facts.ts';
import type { FlexiblePolicy } from '../../flexible-management/syntax.ts';
import type { MessageMoment } from '../../flexible-management/time-template.ts';
import type { Handling } from '../../model/operation.ts';
import { serverFlexiblePolicySchema, type ManagerSystems } from '../../model/policy.ts';
import type { ShareKind } from '../../model/sharing.ts';
import type { Uuid } from '../../model/uuid.ts';
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

/** Another pool that a message goes to. */
export interface WantedShare {
  readonly pool: Uuid;
  readonly poolName: string;
  /** The name of the server that the rule means. */
  readonly server: string;
  readonly share: ShareKind;
  readonly acknowledge: boolean;
  readonly because: string;
}

/**
 * The other pools that a message is shared with, by the first policy of which a rule names somebody in time. Every server of the
 * own pool has every message anyway. Of two targets in one pool the one with control counts.
 */
export function wantedShares(
  rules: readonly ServerRules[],
  systems: ManagerSystems,
  facts: MessageFacts,
  when: MessageMoment,
  variables: StatusVariables = {},
): readonly WantedShare[] {
  for (const { name, policy } of rules) {
    const decided = decideTargets(policy, facts, when, variables);
    if (decided.rule === null) continue;
    const { outcome } = decided.rule;
    const acknowledge = outcome.kind === 'targets' && outcome.acknowledgeNonLocal;
    const because = decidedBy(name, decided);
    const found = new Map<Uuid, WantedShare>();
    for (const { manager, share } of decided.found) {
      const target = findSystem(manager, systems);
      if (!target?.pool) continue;
      const { id: pool, name: poolName } = target.pool;
      if (found.has(pool) && share !== 'control') continue;
      const server = target.system.name;
      found.set(pool, { pool, poolName, server, share: share ?? 'notify', acknowledge, because });
    }
    return [...found.values()];
  }
  return [];
}
