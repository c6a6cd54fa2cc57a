import type { DefinitionKind } from '../../../src/model/config.ts';
import { handlings } from '../../../src/model/operation.ts';
import type { texts } from '../texts.ts';

/** What a definition says, as it stands in a file. */
export type Content = Readonly<Record<string, unknown>>;

export type FieldName = keyof typeof texts.configuration.fields;

export interface Field {
  readonly name: FieldName;
  /** `list`: one in each line. */
  readonly as: 'text' | 'list' | 'number' | 'flag' | readonly string[];
  /** Where the name means something else than elsewhere. */
  readonly label?: FieldName;
}

const field = (as: Field['as'], ...names: readonly FieldName[]): Field[] =>
  names.map((name) => ({ name, as }));

const kinds: Readonly<Record<DefinitionKind, readonly Field[]>> = {
  setting: field(['none', 'required'], 'approval'),
  'message-group': field('text', 'description', 'contact'),
  'status-variable': field('flag', 'value'),
  'user-role': field('text', 'description'),
  user: [...field('text', 'displayName'), ...field('list', 'roles'), ...field('flag', 'disabled')],
  role: [
    ...field('list', 'order'),
    ...field(['manual', 'automatic'], 'failback'),
    ...field('text', 'settle', 'pinned'),
  ],
  tool: [...field('text', 'description'), ...field('list', 'command'), ...field('text', 'timeout')],
  'depot-file': [],
  policy: [],
  'policy-group': [...field('text', 'description'), ...field('list', 'policies', 'groups')],
  node: field('text', 'description'),
  'external-node': [...field('text', 'description'), ...field('list', 'names', 'addresses')],
  'node-group': field('list', 'nodes', 'policies', 'policyGroups', 'groups'),
};

const policies: Readonly<Record<string, readonly Field[]>> = {
  command: [
    ...field('list', 'command'),
    ...field('text', 'every', 'timeout'),
    ...field(['changes', 'always'], 'report'),
    ...field('text', 'application', 'object', 'group'),
  ],
  outage: [
    ...field('text', 'because', 'from', 'until'),
    ...field(handlings, 'handling'),
    ...field('list', 'nodes', 'nodeGroups'),
    { name: 'groups', as: 'list', label: 'messageGroups' },
  ],
  'log-file': [
    ...field('text', 'path'),
    ...field(['end', 'beginning'], 'start'),
    ...field('text', 'pollEvery'),
    ...field('number', 'perMinuteMax'),
  ],
};

/** What a form asks for; everything else of a definition stands in its text only. */
export function fieldsOf(kind: DefinitionKind, content: Content): readonly Field[] {
  if (kind !== 'policy') return kinds[kind];
  return policies[String(content['kind'])] ?? [];
}

/** Keys of the content that the form does not show. */
export function keysBeyond(fields: readonly Field[], content: Content): string[] {
  const shown: ReadonlySet<string> = new Set([...fields.map(({ name }) => name), 'kind', 'name']);
  return Object.keys(content).filter((key) => !shown.has(key));
}

/** As a field shows it. */
export function fieldText(content: Content, { name, as }: Field): string {
  const value = content[name];
  if (value === undefined) return '';
  if (as === 'list') return Array.isArray(value) ? value.join('\n') : '';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** What is empty is left out, so that the default counts. */
export function withField(content: Content, { name, as }: Field, text: string): Content {
  const { [name]: _, ...others } = content;
  const value = as === 'list' ? text.split('\n').filter((line) => line.trim() !== '') : text.trim();
  if (value.length === 0) return others;
  const number = Number(value);
  const after = as === 'number' && Number.isFinite(number) ? number : value;
  return { ...content, [name]: after };
}

interface Begun {
  readonly kind: DefinitionKind;
  readonly name: string;
  /** Of a policy. */
  readonly policyKind: string;
  readonly nowMs: number;
}

/** Until somebody says when it ends. */
const outageMs = 7_200_000;

/** What a new one begins with. */
export function beginningOf({ kind, name, policyKind, nowMs }: Begun): Content {
  if (kind === 'policy' && policyKind === 'outage')
    return {
      kind: policyKind,
      name,
      nodes: [`${name}*`],
      from: new Date(nowMs).toISOString(),
      until: new Date(nowMs + outageMs).toISOString(),
      handling: 'suppressed',
      because: 'maintenance',
    };
  if (kind === 'policy') {
    if (policyKind === 'log-file')
      return {
        kind: policyKind,
        name,
        path: '/var/log/syslog',
        conditions: [{ match: 'error', severity: 'minor' }],
      };
    if (policyKind.endsWith('flexible-management'))
      return { kind: policyKind, name, text: 'RESPMGRCONFIGS\n' };
    return { kind: 'command', name, command: ['/usr/bin/true'], every: '1m' };
  }
  if (kind === 'tool') return { command: ['/usr/bin/uptime'] };
  if (kind === 'node-group') return { nodes: [`${name}*`] };
  if (kind === 'external-node') return { names: [`${name}*`] };
  if (kind === 'user-role') return { permissions: [{ right: 'see' }] };
  if (kind === 'status-variable') return { value: true };
  if (kind === 'user') return { roles: ['observer'] };
  return {};
}
