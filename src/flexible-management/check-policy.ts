import { checkTimeTemplate } from './check-time-template.ts';
import { inOrder, type Finding, type Position } from './finding.ts';
import { parsePolicy } from './parse-policy.ts';
import {
  alwaysTemplate,
  type FlexiblePolicy,
  type MessageCondition,
  type PatternText,
  type ResponsibleManagers,
  type Rule,
  type SystemReference,
} from './syntax.ts';
import { isAnyAddress } from './system-reference.ts';
import { parseTextPattern, PatternProblem } from './text-pattern/parse-text-pattern.ts';

/** Who reads a policy: agents (whom to obey, whom to tell) or servers (forwarding, service hours). */
export type PolicyKind = 'agent' | 'server';

/**
 * Reads a text and checks what it means. `policy` is null with an error among the findings, which are in the order of
 * the text; with warnings alone the policy is good to use.
 */
export function readPolicy(
  text: string,
  kind: PolicyKind,
): { policy: FlexiblePolicy | null; findings: Finding[] } {
  const { policy, findings } = parsePolicy(text);
  const all = inOrder([...findings, ...checkPolicy(policy, kind)]);
  return { policy: all.some(({ level }) => level === 'error') ? null : policy, findings: all };
}

/** What is wrong with a policy that could be read, in no order. */
export function checkPolicy(policy: FlexiblePolicy, kind: PolicyKind): Finding[] {
  const check = new PolicyCheck(policy, kind);
  check.run();
  return check.findings;
}

class PolicyCheck {
  readonly findings: Finding[] = [];
  readonly #policy: FlexiblePolicy;
  readonly #kind: PolicyKind;
  readonly #templates: ReadonlySet<string>;
  readonly #variables: ReadonlySet<string>;
  readonly #usedTemplates = new Set<string>([alwaysTemplate]);

  constructor(policy: FlexiblePolicy, kind: PolicyKind) {
    this.#policy = policy;
    this.#kind = kind;
    this.#templates = new Set([alwaysTemplate, ...policy.timeTemplates.map(({ name }) => name)]);
    this.#variables = new Set(policy.statusVariables.map(({ name }) => name));
  }

  run(): void {
    const { timeTemplates, statusVariables, managers } = this.#policy;
    this.#checkNames('time template', timeTemplates);
    this.#checkNames('condition status variable', statusVariables);
    for (const template of timeTemplates) this.findings.push(...checkTimeTemplate(template));
    for (const variable of statusVariables)
      if (this.#kind === 'agent') this.#error(variable.at, 'only policies of servers have CONDSTATUSVARS');
    for (const one of managers) this.#checkManagers(one);
    for (const { name, at } of timeTemplates)
      if (!this.#usedTemplates.has(name)) this.#warn(at, `no rule uses the time template ${shown(name)}`);
  }

  #checkNames(what: string, named: readonly { name: string; at: Position }[]): void {
    const seen = new Map<string, number>();
    for (const { name, at } of named) {
      const line = seen.get(name);
      if (name === '' || name === alwaysTemplate)
        this.#error(at, `a ${what} may not be called ${shown(name)}`);
      else if (line !== undefined)
        this.#error(at, `the ${what} ${shown(name)} is defined already, in line ${line}`);
      seen.set(name, line ?? at.line);
    }
  }

  #checkManagers({ secondary, actionAllowed, rules }: ResponsibleManagers): void {
    for (const { system, at } of [...secondary, ...actionAllowed]) {
      this.#checkSystem(system, at);
      if (this.#kind === 'server')
        this.#warn(at, 'in a policy of servers nobody reads who may manage a node or act on it');
    }
    for (const { system, at } of secondary)
      if (system.kind === 'primary')
        this.#warn(at, '$OPC_PRIMARY_MGR may be the primary manager anyway; name servers here');
    for (const kind of ['targets', 'operations'] as const)
      this.#checkReach(rules.filter(({ outcome }) => outcome.kind === kind));
    for (const rule of rules) this.#checkRule(rule);
  }

  /** A rule behind one that takes every message at all times is never asked. */
  #checkReach(rules: readonly Rule[]): void {
    const last = rules.findIndex(takesEverything);
    const [hidden] = last < 0 ? [] : rules.slice(last + 1);
    if (hidden)
      this.#warn(
        hidden.at,
        `this rule is never reached: the one in line ${rules[last]?.at.line ?? 0} takes every message`,
      );
  }

  #checkRule(rule: Rule): void {
    for (const condition of rule.conditions) this.#checkCondition(condition);
    if (rule.outcome.kind === 'targets') this.#checkTargets(rule, rule.outcome);
    else this.#checkOperations(rule, rule.outcome);
  }

  #checkTargets(
    rule: Rule,
    { targets, acknowledgeNonLocal }: Extract<Rule['outcome'], { kind: 'targets' }>,
  ): void {
    if (targets.length === 0) this.#error(rule.at, 'the rule names no MSGTARGETMANAGER');
    for (const { manager, timeTemplate, share, at } of targets) {
      this.#checkSystem(manager, at);
      this.#checkTemplate(timeTemplate, at);
      if (this.#kind === 'agent' && share !== null)
        this.#warn(at, 'MSGCONTROLLINGMGR and NOTIFYMGR mean something between servers only');
      if (this.#kind === 'server' && manager.kind === 'primary')
        this.#error(at, 'a server forwards to servers by name; $OPC_PRIMARY_MGR is known to agents only');
    }
    if (this.#kind === 'agent' && acknowledgeNonLocal)
      this.#warn(rule.at, 'ACKNONLOCALMGR means something between servers only');
  }

  #checkOperations(rule: Rule, { operations }: Extract<Rule['outcome'], { kind: 'operations' }>): void {
    if (this.#kind === 'agent')
      this.#error(rule.at, 'MSGOPERATIONS are for servers; an agent knows MSGTARGETMANAGERS only');
    if (operations.length === 0) this.#error(rule.at, 'the rule names no MSGOPERATION');
    for (const { when, operation, at } of operations) {
      if (when) this.#checkTemplate(when.timeTemplate, at);
      else if (operation.kind === 'INSERVICE')
        this.#warn(at, 'INSERVICE without a TIMETEMPLATE is always; it holds nothing back');
    }
  }

  #checkCondition(condition: MessageCondition): void {
    const { at, nodes, severities, text, service, statusVariable } = condition;
    for (const node of nodes ?? []) this.#checkSystem(node, at);
    if (severities && new Set(severities).size < severities.length)
      this.#warn(at, 'the same severity stands twice');
    for (const pattern of [text, service]) if (pattern) this.#checkPattern(pattern);
    if (statusVariable !== null && !this.#variables.has(statusVariable))
      this.#error(at, `no CONDSTATUSVAR ${shown(statusVariable)} is declared`);
    if (condition.type !== 'Match' && isUnconditional(condition))
      this.#warn(at, 'this condition takes every message away from the rule, which then never applies');
  }

  #checkPattern({ source, at }: PatternText): void {
    try {
      parseTextPattern(source);
    } catch (error) {
      if (!(error instanceof PatternProblem)) throw error;
      this.#error(
        at,
        `in the pattern ${shown(source)}, at its character ${error.offset + 1}: ${error.message}`,
      );
    }
  }

  #checkTemplate(name: string, at: Position): void {
    this.#usedTemplates.add(name);
    if (!this.#templates.has(name)) this.#error(at, `no time template ${shown(name)} is defined`);
  }

  #checkSystem(system: SystemReference, at: Position): void {
    if (system.kind !== 'address') return;
    const { address, name, id } = system;
    const isNamed = (name !== null && name !== '') || (id !== null && id !== '');
    if (isAnyAddress(address) && !isNamed)
      this.#error(at, `${address} names nobody; give a name or an ID behind it`);
  }

  #warn(at: Position, text: string): void {
    this.findings.push({ level: 'warning', at, text });
  }

  #error(at: Position, text: string): void {
    this.findings.push({ level: 'error', at, text });
  }
}

function isUnconditional(condition: MessageCondition): boolean {
  const { severities, nodes, application, group, object, messageType, text, service, statusVariable } =
    condition;
  return [severities, nodes, application, group, object, messageType, text, service, statusVariable].every(
    (part) => part === null || part === '',
  );
}

function takesEverything({ conditions, outcome }: Rule): boolean {
  const isOpen =
    conditions.every(({ type }) => type === 'Match') &&
    (conditions.length === 0 || conditions.some(isUnconditional));
  return (
    isOpen &&
    (outcome.kind === 'targets'
      ? outcome.targets.some(({ timeTemplate }) => timeTemplate === alwaysTemplate)
      : outcome.operations.some(({ when }) => when === null || when.timeTemplate === alwaysTemplate))
  );
}

const shownCharsMax = 60;

function shown(text: string): string {
  return JSON.stringify(text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text);
}
