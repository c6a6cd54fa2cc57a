import { readPolicy } from '../flexible-management/check-policy.ts';
import { unreachable } from '../model/invariant.ts';
import { policySchema } from '../model/policy.ts';
import type { PolicySource } from './policy-set.ts';

/** Message groups that a policy names as they are, each once: a pattern or a template may mean any. */
export function messageGroupsIn(source: PolicySource): string[] {
  const { data: policy } = policySchema.safeParse(source);
  if (policy === undefined) return [];
  switch (policy.kind) {
    case 'log-file':
      return literal(policy.conditions.map(({ group }) => group));
    case 'command':
      return literal([policy.group]);
    case 'outage':
      return literalPatterns(policy.groups);
    case 'flexible-management':
      return namedInRules(policy.text, 'agent');
    case 'server-flexible-management':
      return namedInRules(policy.text, 'server');
    case 'primary-manager':
      return [];
    default:
      return unreachable(policy);
  }
}

/** Of a list of patterns those that stand for themselves. */
export function literalPatterns(patterns: readonly string[] = []): string[] {
  return patterns.filter((pattern) => !/[*?]/.test(pattern));
}

function literal(templates: readonly (string | undefined)[]): string[] {
  return unique(templates.flatMap((one) => (one === undefined || one.includes('${') ? [] : [one])));
}

function namedInRules(text: string, kind: 'agent' | 'server'): string[] {
  const rules = readPolicy(text, kind).policy?.managers.flatMap((manager) => manager.rules) ?? [];
  return unique(rules.flatMap(({ conditions }) => conditions.flatMap(({ group }) => group ?? [])));
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => name !== '');
}
