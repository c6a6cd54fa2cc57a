import { matchCondition, type ConditionResult } from './match-condition.ts';
import type { MessageFacts, StatusVariables } from './message-facts.ts';
import { isServiceNow, nextServiceMs } from './service-time.ts';
import { isTrue, Moment, type MessageMoment } from './time-template.ts';
import type {
  FlexiblePolicy,
  MessageCondition,
  Rule,
  RuleOperations,
  RuleTargets,
  ServiceOperation,
  SystemReference,
  Target,
} from './syntax.ts';

/** Why a rule did or did not decide. */
export type RuleVerdict =
  | 'it takes every message'
  | 'a condition matches'
  | 'no condition matches'
  | 'a condition takes the message away'
  | 'nothing of it is in effect at this time';

/** How one rule was asked, in the order of the rules. */
export interface RuleStep {
  readonly rule: Rule;
  readonly decided: boolean;
  readonly because: RuleVerdict;
  /** As far as they were looked at. */
  readonly conditions: readonly { readonly condition: MessageCondition; readonly result: ConditionResult }[];
}

export interface Decided<Found> {
  /** Null: no rule decides. */
  readonly rule: Rule | null;
  /** What of the rule is in effect now. */
  readonly found: readonly Found[];
  readonly steps: readonly RuleStep[];
}

/**
 * Which targets a message has: those of the first rule that matches it and has a target at this time. A rule that
 * matches but whose targets are all out of time is passed over, so that a message never has nowhere to go because
 * of the hour.
 */
export function decideTargets(
  policy: FlexiblePolicy,
  message: MessageFacts,
  when: MessageMoment,
  variables: StatusVariables = {},
): Decided<Target> {
  const moment = new Moment(when);
  return decide(policy, message, variables, (outcome) =>
    outcome.kind === 'targets'
      ? outcome.targets.filter(({ timeTemplate }) => isTrue(policy.timeTemplates, timeTemplate, moment))
      : null,
  );
}

/** The one server that an agent sends a message to: the first target in time, else the primary manager. */
export function agentTarget({ found }: Decided<Target>): SystemReference {
  return found[0]?.manager ?? { kind: 'primary' };
}

/** What service hours and outages make of a message. */
export interface ServiceDecision extends Decided<ServiceOperation> {
  readonly delivery: 'at once' | 'held until service hours' | 'suppressed' | 'logged only';
  /** Of a held message: when its service hours begin; null when that is not known, and for any other. */
  readonly untilMs: number | null;
  /** Null: as it is otherwise. */
  readonly troubleTicket: boolean | null;
  readonly notification: boolean | null;
}

/** `when` is the time at which the message was made, not that of looking. */
export function decideService(
  policy: FlexiblePolicy,
  message: MessageFacts,
  when: MessageMoment,
  variables: StatusVariables = {},
): ServiceDecision {
  const moment = new Moment(when);
  const decided = decide(policy, message, variables, (outcome) =>
    outcome.kind === 'operations'
      ? outcome.operations.filter((operation) => isInEffect(policy, operation, moment))
      : null,
  );
  const isOn = (kind: 'TROUBLETICKET' | 'NOTIFICATION'): boolean | null =>
    decided.found
      .map(({ operation }) => (operation.kind === kind && 'on' in operation ? operation.on : null))
      .find((on) => on !== null) ?? null;
  const delivery = deliveryOf(policy, decided.found, moment);
  const hours = decided.found.filter(({ operation }) => operation.kind === 'INSERVICE');
  return {
    ...decided,
    delivery,
    untilMs: delivery === 'held until service hours' ? nextServiceMs(policy, hours, when) : null,
    troubleTicket: isOn('TROUBLETICKET'),
    notification: isOn('NOTIFICATION'),
  };
}

/** Service hours are in effect at any time: inside of them they deliver, outside they hold back. */
function isInEffect(policy: FlexiblePolicy, operation: ServiceOperation, moment: Moment): boolean {
  return operation.operation.kind === 'INSERVICE' || isServiceNow(policy, operation, moment);
}

function deliveryOf(
  policy: FlexiblePolicy,
  found: readonly ServiceOperation[],
  moment: Moment,
): ServiceDecision['delivery'] {
  const has = (kind: string): boolean => found.some(({ operation }) => operation.kind === kind);
  if (has('SUPPRESS')) return 'suppressed';
  if (has('LOGONLY')) return 'logged only';
  const hours = found.filter(({ operation }) => operation.kind === 'INSERVICE');
  const isOutside = hours.length > 0 && !hours.some((operation) => isServiceNow(policy, operation, moment));
  return isOutside ? 'held until service hours' : 'at once';
}

/** `inEffect` answers null for rules of another kind, which are not asked. */
function decide<Found>(
  policy: FlexiblePolicy,
  message: MessageFacts,
  switched: StatusVariables,
  inEffect: (outcome: RuleTargets | RuleOperations) => readonly Found[] | null,
): Decided<Found> {
  const variables = { ...initialVariables(policy), ...switched };
  const steps: RuleStep[] = [];
  for (const rule of policy.managers.flatMap(({ rules }) => rules)) {
    const found = inEffect(rule.outcome);
    if (found === null) continue;
    const asked = askRule(rule, message, variables);
    const matches = asked.because === 'a condition matches' || asked.because === 'it takes every message';
    const decided = matches && found.length > 0;
    const because = matches && !decided ? 'nothing of it is in effect at this time' : asked.because;
    steps.push({ rule, decided, because, conditions: asked.conditions });
    if (decided) return { rule, found, steps };
  }
  return { rule: null, found: [], steps };
}

function initialVariables({ statusVariables }: FlexiblePolicy): StatusVariables {
  return Object.fromEntries(statusVariables.map(({ name, initially }) => [name, initially]));
}

/** One Match condition is enough, none at all too; a hit of any other takes the message away. */
function askRule(
  { conditions }: Rule,
  message: MessageFacts,
  variables: StatusVariables,
): Pick<RuleStep, 'because' | 'conditions'> {
  const asked = conditions.map((condition) => ({
    condition,
    result: matchCondition(condition, message, variables),
  }));
  const hits = (type: 'match' | 'other'): boolean =>
    asked.some(({ condition, result }) => result.hit && (condition.type === 'Match') === (type === 'match'));
  if (hits('other')) return { because: 'a condition takes the message away', conditions: asked };
  if (hits('match')) return { because: 'a condition matches', conditions: asked };
  const hasMatch = conditions.some(({ type }) => type === 'Match');
  return { because: hasMatch ? 'no condition matches' : 'it takes every message', conditions: asked };
}
