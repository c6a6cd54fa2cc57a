import type { MessageFacts } from '../../flexible-management/message-facts.ts';
import type { RulesExplanation } from '../../model/flexible-api.ts';
import type { NodeFacts } from '../../model/node-definitions.ts';
import type { ManagerSystems } from '../../model/policy.ts';
import type { PolicyDefinition } from '../../model/policy-definitions.ts';
import type { IsInGroup } from '../../model/rights.ts';
import { valuesOf, type StatusVariable } from '../../model/status-variables.ts';
import { nodeMoment } from './node-moment.ts';
import { definedOutages, handleInOutage } from './outages.ts';
import { handle, serverRules, wantedShares } from './server-rules.ts';

export interface RulesNow {
  readonly policies: readonly PolicyDefinition[];
  readonly statusVariables: readonly StatusVariable[];
  readonly systems: ManagerSystems;
  readonly isInGroup: IsInGroup;
  /** Of the node that the message is of. */
  readonly node: NodeFacts;
  readonly serverZone: string;
}

/** What the acting server would decide about such a message, made at that time, as the definitions stand now. */
export function explainRules(now: RulesNow, message: MessageFacts, atMs: number): RulesExplanation {
  const rules = serverRules(now.policies);
  const variables = valuesOf(now.statusVariables);
  const when = nodeMoment(now.node, atMs, now.serverZone);
  const place = { nodeName: message.node.name ?? '', group: message.group };
  const handling =
    handleInOutage(definedOutages(now.policies, now.isInGroup), place, atMs) ??
    handle(rules, message, when, variables);
  const shares = handling === null ? wantedShares(rules, now.systems, message, when, variables) : [];
  return {
    handling,
    shares: shares.map(({ poolName, server, share, because }) => ({
      pool: poolName,
      server,
      share,
      because,
    })),
    nodeZone: when.nodeZone,
  };
}
