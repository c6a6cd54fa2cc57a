import type { z } from 'zod';
import { readPolicy, type PolicyKind } from '../flexible-management/check-policy.ts';
import { findingText } from '../flexible-management/finding.ts';
import { textOf } from '../model/errors.ts';
import { isWatchPolicy, policySchema, type LogFilePolicy } from '../model/policy.ts';
import { compilePattern } from './pattern/compile-pattern.ts';
import { unknownPlaceholders } from './placeholders.ts';
import { checkActions } from './policy-actions.ts';

/** A policy whose rules can be understood, whose regular expressions can be matched in linear time and whose templates name groups that exist. */
export const checkedPolicySchema = policySchema.superRefine((policy, context) => {
  const groups = policy.kind === 'log-file' ? checkConditions(policy, context) : [];
  if (isWatchPolicy(policy)) checkActions(policy, context, (at) => groups[at] ?? []);
  if (policy.kind === 'flexible-management') checkFlexible(policy.text, 'agent', context);
  if (policy.kind === 'server-flexible-management') checkFlexible(policy.text, 'server', context);
});

/** Warnings are no reason: older operations managers took such texts too. */
function checkFlexible(text: string, kind: PolicyKind, context: z.RefinementCtx): void {
  for (const finding of readPolicy(text, kind).findings)
    if (finding.level === 'error')
      context.addIssue({ code: 'custom', path: ['text'], message: findingText(finding) });
}

/** Answers the named groups of each. */
function checkConditions(policy: LogFilePolicy, context: z.RefinementCtx): readonly (readonly string[])[] {
  return policy.conditions.map((condition, index) => {
    const issue = (path: readonly string[], message: string): void =>
      context.addIssue({ code: 'custom', path: ['conditions', index, ...path], message });
    try {
      const { groupNames } = compilePattern(condition.match, condition.ignoreCase);
      const [unknown] = unknownPlaceholders(condition, groupNames);
      if (unknown !== undefined)
        issue([], `uses \${${unknown}}, but the expression has no group (?<${unknown}>…)`);
      return groupNames;
    } catch (error) {
      issue(['match'], textOf(error));
      return [];
    }
  });
}
