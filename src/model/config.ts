import { z } from 'zod';
import { nameSchema } from './definitions.ts';
import { textFindingSchema } from './flexible-api.ts';
import type { Right } from './rights.ts';

/**
 * Kinds of definitions that people write, in the order in which they may name each other: each names only those before it, or
 * others of its own kind.
 */
export const definitionKinds = [
  'setting',
  'message-group',
  'status-variable',
  'user-role',
  'user',
  'role',
  'depot-file',
  'tool',
  'policy',
  'policy-group',
  'node',
  'external-node',
  'node-group',
] as const;
export type DefinitionKind = (typeof definitionKinds)[number];

/** What somebody needs over everything to read and write files of a kind. */
export const definitionRights: Readonly<Record<DefinitionKind, Right>> = {
  setting: 'administer',
  'message-group': 'configure',
  'status-variable': 'configure',
  'user-role': 'administer',
  user: 'administer',
  role: 'administer',
  tool: 'configure',
  'depot-file': 'configure',
  policy: 'configure',
  'policy-group': 'configure',
  node: 'configure',
  'external-node': 'configure',
  'node-group': 'configure',
};

/** The folder that holds the files of a kind. */
export const definitionFolders: Readonly<Record<DefinitionKind, string>> = {
  setting: 'settings',
  'message-group': 'message-groups',
  'status-variable': 'status-variables',
  'user-role': 'user-roles',
  user: 'users',
  role: 'roles',
  tool: 'tools',
  'depot-file': 'depot',
  policy: 'policies',
  'policy-group': 'policy-groups',
  node: 'nodes',
  'external-node': 'external-nodes',
  'node-group': 'node-groups',
};

/** What stands in the history for a change that was only seen: made by a command beside the API, or before there was a history. */
export const seenVia = 'found in the coordinator';

const kind = z.enum(definitionKinds);

/** `web`; of a role also `virtual-interface/front`. */
const definitionName = z.union(
  [nameSchema, z.templateLiteral(['virtual-interface/', nameSchema])],
  'must be 1 to 63 letters, digits, dots, dashes or underscores, the first a letter or digit',
);
export const definitionNameSchema = definitionName;

const content = z.record(z.string(), z.unknown());

/** Where one definition stands. */
export interface DefinitionPlace {
  readonly kind: DefinitionKind;
  readonly name: string;
}

/** `policy/disk`, as commands name it. */
export function placeText({ kind, name }: DefinitionPlace): string {
  return `${kind}/${name}`;
}

export const definitionViewSchema = z
  .object({
    kind,
    name: z.string(),
    /** At which it was changed last; to be given back with the next change. */
    revision: z.int(),
    content,
  })
  .meta({ id: 'Definition' });
export type DefinitionView = z.infer<typeof definitionViewSchema>;

export const configPageSchema = z
  .object({
    definitions: z.array(definitionViewSchema),
    /** To be given as `after` for the next page; null when this is the last. */
    next: z.string().nullable(),
    /** Kinds that are not in it, since whoever asks has no right to them. */
    leftOut: z.array(kind),
    /** Names of the servers, which roles may name. */
    servers: z.array(z.string()),
  })
  .meta({ id: 'ConfigPage' });
export type ConfigPage = z.infer<typeof configPageSchema>;

export const configQuerySchema = z.strictObject({ after: z.string().max(160).optional() });

/** One transaction of the coordinator holds no more. */
export const configChangesMax = 60;
export const configBytesMax = 500_000;

export const configChangeSchema = z.strictObject({
  kind,
  name: definitionName,
  /** At which the writer saw it; 0: it was not there. Anything else by now, and nothing of the request is done. */
  revision: z.int().min(0),
  /** Null removes it. */
  content: content.nullable(),
});
export type ConfigChange = z.infer<typeof configChangeSchema>;

export const configVias = [
  'config apply',
  'config rollback',
  'node label',
  'outage add',
  'outage extend',
  'message-group set',
  'message-group remove',
  'status-variable set',
  'status-variable remove',
  'depot add',
  'depot remove',
  'agent profile',
] as const;

export const configRequestSchema = z
  .strictObject({
    /** All of them or none. */
    changes: z.array(configChangeSchema).min(1).max(configChangesMax),
    via: z.enum(configVias).default('config apply'),
    /** Agents are sent nothing of it until somebody says so (`policy deploy`). */
    hold: z.boolean().default(false),
  })
  .meta({ id: 'ConfigRequest' });
export type ConfigRequest = z.input<typeof configRequestSchema>;

export const configAnswerSchema = z.object({ revision: z.int() }).meta({ id: 'ConfigAnswer' });

export const historyQuerySchema = z.strictObject({
  kind: kind.optional(),
  name: z.string().max(128).optional(),
  limit: z.coerce.number<string>().int().min(1).max(500).default(100),
  /** A revision: only what is older. */
  before: z.coerce.number<string>().int().min(1).optional(),
});
export type HistoryQuery = z.output<typeof historyQuerySchema>;

export const historyEntrySchema = z
  .object({
    kind,
    name: z.string(),
    /** Grows with every change, also past a coordinator that was restored. */
    revision: z.int(),
    atMs: z.int(),
    /** Empty where that is not known. */
    by: z.string(),
    via: z.string(),
    what: z.enum(['created', 'changed', 'removed']),
    /** `every: 1m -> 5m`; the first twenty. */
    changes: z.array(z.string()),
  })
  .meta({ id: 'DefinitionChange' });
export type HistoryEntry = z.infer<typeof historyEntrySchema>;
export const historySchema = z
  .object({ changes: z.array(historyEntrySchema) })
  .meta({ id: 'DefinitionHistory' });

export const revisionQuerySchema = z.strictObject({
  kind,
  name: z.string().max(128),
  /** Of the history; as it is now when absent. */
  revision: z.coerce.number<string>().int().min(1).optional(),
});
export type RevisionQuery = z.output<typeof revisionQuerySchema>;

export const definitionRevisionSchema = z
  .object({
    kind,
    name: z.string(),
    /** Null for what is there now. */
    revision: z.int().nullable(),
    /** What it said; null: it was removed. */
    content: content.nullable(),
    atMs: z.int().nullable(),
    by: z.string(),
    via: z.string(),
    /** To be given with a change: at which revision it is now, 0 when it is not there. */
    now: z.int(),
  })
  .meta({ id: 'DefinitionRevision' });
export type DefinitionRevision = z.infer<typeof definitionRevisionSchema>;

/** A definition that somebody is writing: as the text of a file, or as its content. */
export const previewRequestSchema = z
  .strictObject({
    kind,
    name: definitionName,
    text: z.string().max(configBytesMax).optional(),
    content: content.optional(),
  })
  .refine(
    ({ text, content: given }) => (text === undefined) !== (given === undefined),
    'give text or content',
  )
  .meta({ id: 'PreviewRequest' });
export type PreviewRequest = z.infer<typeof previewRequestSchema>;

export const previewSchema = z
  .object({
    text: z.string(),
    /** Null where the text has an error. */
    content: content.nullable(),
    findings: z.array(textFindingSchema),
    /** Why it would be refused, though nothing is wrong with the text itself; null when it would not. */
    problem: z.string().nullable(),
    /** What would be another than it is now: `every: 1m -> 5m`. */
    changes: z.array(z.string()),
    /** Nodes whose agents would run something else. */
    reach: z.array(
      z.object({
        node: z.string(),
        /** Policies that it would get, lose, or run as they say then. */
        gains: z.array(z.string()),
        loses: z.array(z.string()),
        changes: z.array(z.string()),
      }),
    ),
  })
  .meta({ id: 'ConfigPreview' });
export type ConfigPreview = z.infer<typeof previewSchema>;
