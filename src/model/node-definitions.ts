import { z } from 'zod';
import { nameSchema } from './definitions.ts';
import { parseNetwork } from './network-range.ts';

const changed = {
  changedMs: z.int().min(0),
  /** Who changed it last. */
  by: z.string().max(256),
};
const description = z.string().min(1).max(256);

/** `*` is any text, `?` one character. */
export const nodePatternSchema = z.string().min(1).max(256);

const labelKey = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/,
    'must be 1 to 63 letters, digits, dots, dashes, underscores or slashes, the first a letter or digit',
  );
const labelValue = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[\x20-\x7e]*$/, 'must be printable characters');

export const labelsSchema = z
  .record(labelKey, labelValue)
  .refine((labels) => Object.keys(labels).length <= 64, 'has more than 64 labels');

/** What people say of a node, also before it joins: known by its name, which outlives every agent on it. */
export const nodeAttributesContentSchema = z.strictObject({
  description: description.optional(),
  labels: labelsSchema.default({}),
});
export const nodeAttributesSchema = z.strictObject({
  name: nameSchema,
  ...nodeAttributesContentSchema.shape,
  ...changed,
});
export type NodeAttributes = Readonly<z.infer<typeof nodeAttributesSchema>>;

const network = z
  .string()
  .max(64)
  .refine((text) => parseNetwork(text) !== null, 'must be an address or a network, like 10.1.0.0/16');
const patterns = z.array(nodePatternSchema).min(1).max(256);

/** A node fits when everything that is given fits; of each list, one entry is enough. */
export const nodeRuleSchema = z
  .strictObject({
    names: patterns.optional(),
    /** From where the server sees its agent come: behind an address translation, that of the translator. */
    addresses: z.array(network).min(1).max(256).optional(),
    /** What its agent says it runs on: `linux`. */
    systems: patterns.optional(),
    /** Each has to be there, with a value that fits the pattern. */
    labels: z.record(labelKey, nodePatternSchema).optional(),
  })
  .refine((rule) => Object.keys(rule).length > 0, 'says nothing; give names, addresses, systems or labels');
export type NodeRule = Readonly<z.infer<typeof nodeRuleSchema>>;

/** What rules are about. */
export interface NodeFacts {
  readonly name: string;
  /** Null for a node that was never connected. */
  readonly address: string | null;
  readonly system: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** Policies under one name, to be given to groups of nodes together. */
export const policyGroupContentSchema = z.strictObject({
  description: description.optional(),
  policies: z.array(nameSchema).max(1_000).default([]),
  /** Other policy groups, whose policies belong to it too. */
  groups: z.array(nameSchema).max(256).default([]),
});
export const policyGroupSchema = z.strictObject({
  name: nameSchema,
  ...policyGroupContentSchema.shape,
  ...changed,
});
export type PolicyGroup = Readonly<z.infer<typeof policyGroupSchema>>;

/** Systems without an agent of ours, whose messages are taken all the same. Nothing is ever deployed or started there. */
export const externalNodeContentSchema = z
  .strictObject({
    description: description.optional(),
    /** Patterns of names. */
    names: z.array(nodePatternSchema).max(10_000).default([]),
    addresses: z.array(network).max(10_000).default([]),
  })
  .refine(({ names, addresses }) => names.length + addresses.length > 0, 'needs names or addresses');
export const externalNodeSchema = z.strictObject({
  name: nameSchema,
  ...externalNodeContentSchema.shape,
  ...changed,
});
export type ExternalNode = Readonly<z.infer<typeof externalNodeSchema>>;
