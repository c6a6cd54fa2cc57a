import type { z } from 'zod';
import type { Message } from '../model/message.ts';
import { isWatchPolicy, policySchema, type LogFilePolicy, type WatchPolicy } from '../model/policy.ts';
import { offeredKinds, type OfferedKind, type PolicyAction } from '../model/policy-action.ts';
import { fieldNames } from './placeholders.ts';
import type { PolicySource } from './policy-set.ts';

/** By this attribute a message says which condition made it. */
export const conditionAttribute = 'condition';

const keyOf = { automatic: 'automaticAction', operator: 'operatorAction' } as const satisfies Record<
  OfferedKind,
  string
>;

/** `${name}` in what a message fills. */
const placeholder = /\$\{([^{}]*)\}/g;

/** What actions know of a message beside its attributes. */
const messageNames: readonly string[] = [...fieldNames, 'severity', 'node', 'message'];

type Subject = Pick<Message, 'id' | 'severity' | 'text' | (typeof fieldNames)[number] | 'attributes'>;

/** What a policy has done, or offers, about a message that it made. Each is null where there is nothing. */
export type PolicyActions = Readonly<Record<OfferedKind, PolicyAction | null>>;
const none: PolicyActions = { automatic: null, operator: null };

export function actionsFor(
  policy: WatchPolicy,
  { attributes = {} }: Pick<Subject, 'attributes'>,
): PolicyActions {
  if (policy.kind === 'command') {
    const { automaticAction: automatic, operatorAction: operator } = policy;
    const isMeant = (action: typeof automatic): boolean =>
      action?.states.some((state) => state === attributes['state']) ?? false;
    return {
      automatic: automatic && isMeant(automatic) ? automatic : null,
      operator: operator && isMeant(operator) ? operator : null,
    };
  }
  const name = attributes[conditionAttribute];
  const condition = name === undefined ? undefined : policy.conditions.find((one) => one.name === name);
  if (condition === undefined) return none;
  return { automatic: condition.automaticAction ?? null, operator: condition.operatorAction ?? null };
}

/** What a template comes to; what the message does not say is empty. */
export function fillFromMessage(template: string, message: Subject, nodeName: string): string {
  const known: Readonly<Record<string, string | undefined>> = {
    ...Object.fromEntries(fieldNames.map((name) => [name, message[name]])),
    severity: message.severity,
    node: nodeName,
    message: message.id,
  };
  const attributes = message.attributes ?? {};
  return template.replaceAll(placeholder, (_, name: string) => {
    if (messageNames.includes(name)) return known[name] ?? '';
    return Object.hasOwn(attributes, name) ? (attributes[name] ?? '') : '';
  });
}

/** All that are written in it, each with where it stands. */
export function writtenActions(
  policy: WatchPolicy,
): readonly { readonly path: readonly (string | number)[]; readonly action: PolicyAction }[] {
  const places =
    policy.kind === 'command'
      ? [{ path: [] as (string | number)[], of: policy }]
      : policy.conditions.map((of, at) => ({ path: ['conditions', at], of }));
  return places.flatMap(({ path, of }) =>
    offeredKinds.flatMap((kind) => {
      const action = of[keyOf[kind]];
      return action === undefined ? [] : [{ path: [...path, keyOf[kind]], action }];
    }),
  );
}

/** The same of what an author wrote, which may be no policy at all. */
export function actionsIn(source: PolicySource): readonly PolicyAction[] {
  const policy = policySchema.safeParse(source).data;
  return policy && isWatchPolicy(policy) ? writtenActions(policy).map(({ action }) => action) : [];
}

/** Names of the tools that it names, each once. */
export function toolsIn(source: PolicySource): string[] {
  return [...new Set(actionsIn(source).flatMap(({ tool = [] }) => tool))];
}

/** What agents get: a change of an action is none to them, and they need not know what it would do. */
export function withoutActions(source: PolicySource): PolicySource {
  const { conditions } = source;
  if (!Array.isArray(conditions)) return bare(source);
  return bare({
    ...source,
    conditions: conditions.map((one: unknown) => (isMapping(one) ? bare(one) : one)),
  });
}

function bare(source: PolicySource): PolicySource {
  if (!offeredKinds.some((kind) => keyOf[kind] in source)) return source;
  const { automaticAction: _, operatorAction: __, ...rest } = source;
  return rest;
}

function isMapping(value: unknown): value is PolicySource {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names that a message of the policy may have, beside those that every message has; null: any. */
function namesOf(
  policy: WatchPolicy,
  at: number,
  groupsOf: (at: number) => readonly string[],
): string[] | null {
  if (policy.kind === 'command') return null;
  return [...groupsOf(at), ...Object.keys(policy.conditions[at]?.attributes ?? {}), conditionAttribute];
}

/**
 * What its schema alone cannot see: that a message can be told to be of a condition, and that actions use what it holds.
 * `groupsOf`: the named groups of the condition's expression.
 */
export function checkActions(
  policy: WatchPolicy,
  context: z.RefinementCtx,
  groupsOf: (at: number) => readonly string[],
): void {
  const written = writtenActions(policy);
  if (written.length === 0) return;
  const issue = (path: readonly (string | number)[], message: string): void =>
    context.addIssue({ code: 'custom', path: [...path], message });
  if (policy.kind === 'log-file') checkConditionNames(policy, issue, groupsOf);
  for (const { path, action } of written) {
    const names = namesOf(policy, Number(path[1]), groupsOf);
    const [unknown] = unknownNames(action, names);
    if (unknown !== undefined)
      issue(
        path,
        `uses \${${unknown}}, which no message has; there are: ${[...messageNames, ...(names ?? [])].join(', ')}`,
      );
  }
}

function checkConditionNames(
  { conditions }: LogFilePolicy,
  issue: (path: readonly (string | number)[], message: string) => void,
  groupsOf: (at: number) => readonly string[],
): void {
  for (const [at, { name, suppress, attributes = {}, ...condition }] of conditions.entries()) {
    const path = ['conditions', at];
    const hasAction = offeredKinds.some((kind) => condition[keyOf[kind]] !== undefined);
    if (hasAction && suppress)
      issue(path, 'makes no message (suppress), so there is nothing to do about one');
    if (hasAction && name === undefined)
      issue(path, 'has an action, and needs a name: messages say by it which condition made them');
    if (name !== undefined && conditions.findIndex((one) => one.name === name) < at)
      issue([...path, 'name'], `another condition is called ${name}`);
    // What a line says must not choose what is done about it.
    if (groupsOf(at).includes(conditionAttribute) || Object.hasOwn(attributes, conditionAttribute))
      issue(
        path,
        `in a policy with actions the attribute ${conditionAttribute} is the name of the condition`,
      );
  }
}

function unknownNames({ command, parameters = {} }: PolicyAction, names: readonly string[] | null): string[] {
  if (names === null) return [];
  const templates = [...(command ?? []), ...Object.values(parameters)];
  const used = templates.flatMap((text) => [...text.matchAll(placeholder)].map(([, name = '']) => name));
  return used.filter((name) => !messageNames.includes(name) && !names.includes(name));
}
