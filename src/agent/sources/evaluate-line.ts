import { isUtf8 } from 'node:buffer';
import type { LogCondition, LogFilePolicy } from '../../model/policy.ts';
import { severities, type Severity } from '../../model/severity.ts';
import type { MessageDraft } from '../../model/message.ts';
import { compilePattern, type Program } from '../../policies/pattern/compile-pattern.ts';
import { matchPattern } from '../../policies/pattern/match-pattern.ts';
import { fieldNames, placeholder } from '../../policies/placeholders.ts';
import { conditionAttribute } from '../../policies/policy-actions.ts';
import { fitDraft } from './fit-draft.ts';
import type { FileLine } from './split-lines.ts';

interface CompiledCondition {
  readonly condition: LogCondition;
  readonly program: Program;
}

export interface CompiledLogPolicy {
  readonly policy: LogFilePolicy;
  readonly conditions: readonly CompiledCondition[];
}

/** Only this much of a line is matched, which bounds the time; a text holds no more of it anyway. */
export const matchCharsMax = 8_192;

/** WK_CONFIG where a regular expression is refused. */
export function compileLogPolicy(policy: LogFilePolicy): CompiledLogPolicy {
  const conditions = policy.conditions.map((condition) => ({
    condition,
    program: compilePattern(condition.match, condition.ignoreCase),
  }));
  return { policy, conditions };
}

/** The message that a line makes; null when no condition matches it, or the first that does suppresses it. */
export function evaluateLine({ policy, conditions }: CompiledLogPolicy, line: FileLine): MessageDraft | null {
  const { text, invalid } = decode(line);
  const matched = text.slice(0, matchCharsMax);
  for (const { condition, program } of conditions) {
    const groups = matchPattern(program, matched);
    if (!groups) continue;
    if (condition.suppress) return null;
    return messageOf(policy, condition, text, groups, marksOf(condition, line.cut, invalid));
  }
  return null;
}

/** Invalid bytes become U+FFFD. A cut may go through a character, which is then left out and not called invalid. */
function decode({ bytes, cut }: FileLine): { text: string; invalid: boolean } {
  if (cut) return { text: new TextDecoder().decode(bytes, { stream: true }), invalid: false };
  return { text: new TextDecoder().decode(bytes), invalid: !isUtf8(bytes) };
}

function marksOf({ name }: LogCondition, cut: boolean, invalid: boolean): Record<string, string> {
  return {
    ...(name === undefined ? {} : { [conditionAttribute]: name }),
    ...(cut ? { lineCut: 'true' } : {}),
    ...(invalid ? { invalidUtf8: 'true' } : {}),
  };
}

function messageOf(
  policy: LogFilePolicy,
  condition: LogCondition,
  line: string,
  groups: Readonly<Record<string, string>>,
  marks: Readonly<Record<string, string>>,
): MessageDraft {
  const values: Readonly<Record<string, string>> = { ...groups, line };
  const field = (name: (typeof fieldNames)[number]): string | undefined => {
    const template = condition[name];
    return template === undefined ? groups[name] : fill(template, values);
  };
  const own = Object.entries(groups).filter(([name]) => !fieldNames.some((known) => known === name));
  const set = Object.entries(condition.attributes ?? {}).map(
    ([name, template]) => [name, fill(template, values)] as const,
  );
  return fitDraft({
    severity: severityOf(condition.severity, groups),
    // A rule whose text comes out empty still reports the line.
    text: field('text') || line,
    application: field('application'),
    object: field('object') ?? policy.path,
    group: field('group'),
    key: field('key'),
    attributes: { ...marks, ...Object.fromEntries(set), ...Object.fromEntries(own) },
    source: policy.name,
  });
}

function severityOf(rule: LogCondition['severity'], groups: Readonly<Record<string, string>>): Severity {
  if (typeof rule === 'string') return rule;
  const found = (groups[rule.group] ?? '').toLowerCase();
  const mapped = Object.entries(rule.map).find(([text]) => text.toLowerCase() === found)?.[1];
  return mapped ?? severities.find((name) => name === found) ?? rule.otherwise;
}

/** A group that took no part in the match fills its place with nothing. */
function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(placeholder, (_, name: string) => values[name] ?? '');
}
