import type { z } from 'zod';
import { readPolicy, type PolicyKind } from '../flexible-management/check-policy.ts';
import { findingText } from '../flexible-management/finding.ts';
import { textOf } from '../model/errors.ts';
import { policySchema, type LogFilePolicy } from '../model/policy.ts';
import { compilePattern } from './pattern/compile-pattern.ts';
import { unknownPlaceholders } from './placeholders.ts';

/** A policy whose rules can be understood, whose regular expressions can be matched in linear time and whose templates name groups that exist. */
export const checkedPolicySchema = policySchema.superRefine((policy, context) => {
  if (policy.kind === 'log-file') checkConditions(policy, context);
  if (policy.kind === 'flexible-management') checkFlexible(policy.text, 'agent', context);
  if (policy.kind === 'server-flexible-management') checkFlexible(policy.text, 'server', context);
});

/** Warnings are no reason: older operations managers took such texts too. */
function checkFlexible(text: string, kind: PolicyKind, context: z.RefinementCtx): void {
  for (const finding of readPolicy(text, kind).findings)
    if (finding.level === 'error')
      context.addIssue({ code: 'custom', path: ['text'], message: findingText(finding) });
}

function checkConditions(policy: LogFilePolicy, context: z.RefinementCtx): void {
  for (const [index, condition] of policy.conditions.entries())
    try {
      const { groupNames } = compilePattern(condition.match, condition.ignoreCase);
      const [unknown] = unknownPlaceholders(condition, groupNames);
      if (unknown !== undefined)
        context.addIssue({
          code: 'custom',
          path: ['conditions', index],
          message: `uses \${${unknown}}, but the expression has no group (?<${unknown}>…)`,
        });
    } catch (error) {
      context.addIssue({ code: 'custom', path: ['conditions', index, 'match'], message: textOf(error) });
    }
}
