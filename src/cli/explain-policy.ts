import {
  agentTarget,
  type Decided,
  type RuleStep,
  type ServiceDecision,
} from '../flexible-management/decide.ts';
import { conditionText, systemText } from '../flexible-management/print-policy.ts';
import type { Target } from '../flexible-management/syntax.ts';

/** What `policy explain` tells; its shape only ever gains keys. */
export interface Explanation {
  readonly kind: 'agent' | 'server';
  /** As they stand in a policy; for an agent exactly one. */
  readonly targets: readonly { readonly manager: string; readonly share: 'control' | 'notify' | null }[];
  readonly rules: readonly ExplainedRule[];
  /** For servers only. */
  readonly service: {
    readonly delivery: ServiceDecision['delivery'];
    readonly troubleTicket: boolean | null;
    readonly notification: boolean | null;
    readonly rules: readonly ExplainedRule[];
  } | null;
}

export interface ExplainedRule {
  readonly description: string;
  readonly line: number;
  readonly decides: boolean;
  readonly because: RuleStep['because'];
  readonly conditions: readonly {
    readonly condition: string;
    readonly hit: boolean;
    /** The first attribute that did not fit. */
    readonly missed: string | null;
    readonly tooCostly: boolean;
  }[];
}

export function explanation(
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
        `the message is delivered: ${service.delivery}`,
        ...switches(service),
      ]
    : [];
  const none = rules.some(({ decides }) => decides) || kind === 'server' ? '' : ', for no rule decides';
  return [...rules.flatMap(ruleLines), `the message ${result}${none}`, ...hours];
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
