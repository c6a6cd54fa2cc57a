import type { LogCondition } from '../model/policy.ts';

/** The fields of a message that a condition may give a template for; a named group of that name sets it else. */
export const fieldNames = ['text', 'application', 'object', 'group', 'key'] as const;

/** `${name}` in a template. */
export const placeholder = /\$\{(\w+)\}/g;

/** Names that a condition's templates use but that its expression does not give; for refusing the policy. */
export function unknownPlaceholders(condition: LogCondition, groupNames: readonly string[]): string[] {
  const templates = [
    ...fieldNames.map((name) => condition[name] ?? ''),
    ...Object.values(condition.attributes ?? {}),
  ];
  const used = templates.flatMap((template) =>
    [...template.matchAll(placeholder)].map(([, name = '']) => name),
  );
  const rule = condition.severity;
  if (typeof rule !== 'string') used.push(rule.group);
  return [...new Set(used)].filter((name) => name !== 'line' && !groupNames.includes(name));
}
