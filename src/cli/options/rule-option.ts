import { InvalidArgumentError } from '@commander-js/extra-typings';
import { nodeRuleSchema, type NodeRule } from '../../model/node-definitions.ts';

const lists = { name: 'names', address: 'addresses', system: 'systems' } as const;
const form =
  'It must be like address=10.1.0.0/16,label.site=oslo; keys are name, address, system and label.NAME.';

/** `address=10.1.0.0/16,label.site=oslo`: one rule, all of which a node has to fit; a key again is another chance. */
export function collectRule(text: string, before: NodeRule[] | undefined): NodeRule[] {
  const rule: Record<string, string[] | Record<string, string>> = {};
  const labels: Record<string, string> = {};
  for (const part of text.split(',')) {
    const [, key = '', value = ''] = /^([^=]+)=(.+)$/.exec(part) ?? [];
    const list = Object.entries(lists).find(([known]) => known === key)?.[1];
    if (list !== undefined) rule[list] = [...[rule[list] ?? []].flat().map(String), value];
    else if (key.startsWith('label.')) labels[key.slice('label.'.length)] = value;
    else throw new InvalidArgumentError(form);
  }
  const parsed = nodeRuleSchema.safeParse(Object.keys(labels).length > 0 ? { ...rule, labels } : rule);
  if (parsed.success) return [...(before ?? []), parsed.data];
  throw new InvalidArgumentError(
    `${parsed.error.issues[0]?.path.join('.') ?? ''}: ${parsed.error.issues[0]?.message ?? form}`,
  );
}
