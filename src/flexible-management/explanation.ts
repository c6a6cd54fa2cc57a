import type { ExplainedRule, Explanation } from '../model/flexible-api.ts';
import type { PolicyKind } from './check-policy.ts';
import {
  agentTarget,
  decideService,
  decideTargets,
  type Decided,
  type RuleStep,
  type ServiceDecision,
} from './decide.ts';
import type { MessageFacts, StatusVariables } from './message-facts.ts';
import { conditionText, systemText } from './print-policy.ts';
import type { FlexiblePolicy, Target } from './syntax.ts';
import type { MessageMoment } from './time-template.ts';

/** What a policy makes of a message at a time, and which rules said so. */
export function explain(
  policy: FlexiblePolicy,
  message: MessageFacts,
  moment: MessageMoment,
  { kind, set = {} }: { readonly kind: PolicyKind; readonly set?: StatusVariables | undefined },
): Explanation {
  const targets = decideTargets(policy, message, moment, set);
  if (kind === 'agent') return explanation('agent', targets, null);
  return explanation('server', targets, decideService(policy, message, moment, set));
}

function explanation(
  kind: 'agent' | 'server',
  decided: Decided<Target>,
  service: ServiceDecision | null,
): Explanation {
  const targets =
    kind === 'agent'
      ? [{ manager: systemText(agentTarget(decided)), share: null }]
      : decided.found.map(({ manager, share }) => ({
          manager: systemText(manager),
          share: share ?? 'notify',
        }));
  return {
    kind,
    targets,
    rules: decided.steps.map(ruleOf),
    service: service && {
      delivery: service.delivery,
      untilMs: service.untilMs,
      troubleTicket: service.troubleTicket,
      notification: service.notification,
      rules: service.steps.map(ruleOf),
    },
  };
}

function ruleOf({ rule, decided, because, conditions }: RuleStep): ExplainedRule {
  return {
    description: rule.description,
    line: rule.at.line,
    decides: decided,
    because,
    conditions: conditions.map(({ condition, result }) => ({
      condition: conditionText(condition),
      hit: result.hit,
      missed: result.hit ? null : result.missed,
      tooCostly: result.hit ? false : result.tooCostly,
    })),
  };
}

/** For people. */
export function explainedLines({ kind, targets, rules, service }: Explanation): string[] {
  const names = targets.map(({ manager, share }) =>
    share === 'control' ? `${manager} (with control)` : manager,
  );
  const result =
    names.length > 0
      ? `${kind === 'agent' ? 'goes' : 'is forwarded'} to ${names.join(', ')}`
      : 'is not forwarded';
  const hours = service
    ? [
        ...service.rules.flatMap(ruleLines),
        `the message is delivered: ${service.delivery}${untilText(service.untilMs)}`,
        ...switches(service),
      ]
    : [];
  const none = rules.some(({ decides }) => decides) || kind === 'server' ? '' : ', for no rule decides';
  return [...rules.flatMap(ruleLines), `the message ${result}${none}`, ...hours];
}

function untilText(untilMs: number | null): string {
  return untilMs === null ? '' : `, which begin at ${new Date(untilMs).toISOString()}`;
}

function switches({ troubleTicket, notification }: NonNullable<Explanation['service']>): string[] {
  const all = { 'trouble ticket': troubleTicket, notification };
  return Object.entries(all)
    .filter(([, on]) => on !== null)
    .map(([what, on]) => `${what}: ${on ? 'on' : 'off'}`);
}

function ruleLines({ description, line, decides, because, conditions }: ExplainedRule): string[] {
  return [
    `rule ${JSON.stringify(description)} (line ${line}) ${decides ? 'decides' : 'is passed over'}: ${because}`,
    ...conditions.map(({ condition, hit, missed, tooCostly }) => {
      const why = tooCostly
        ? `${missed ?? ''} asks for too much work on this text`
        : `${missed ?? ''} does not fit`;
      return `  ${hit ? 'fits' : why}: ${condition}`;
    }),
  ];
}
