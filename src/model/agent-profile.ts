import { z } from 'zod';
import { byteSizeSchema } from './byte-size.ts';
import { nameSchema } from './definitions.ts';
import { sha256Schema } from './depot.ts';
import { labelsSchema } from './node-definitions.ts';

const gibibyte = 1_073_741_824;
const program = z.string().min(1).max(4_096);

/** What a pool gives to agents that are installed: a setting, `settings/installation`. */
export const installationSettingsSchema = z.strictObject({
  /** Names of virtual interfaces and servers that agents look for first, in this order. */
  managers: z.array(nameSchema).max(64).optional(),
  buffer: z
    .strictObject({
      bytesMax: z.string().refine(isBufferSize, 'must be a size from 1MiB to 1024GiB, like 256MiB'),
    })
    .optional(),
  /** As in the agent's own configuration, which has the last word from then on. */
  programs: z.array(program).max(256).optional(),
  depot: z.strictObject({ allow: z.union([z.boolean(), z.array(sha256Schema).max(1_024)]) }).optional(),
  /** What a node of which nothing has been said yet is said to be; rules of node groups go by it. */
  labels: labelsSchema.optional(),
});
export type InstallationSettings = Readonly<z.infer<typeof installationSettingsSchema>>;

/** What of it stands in the agent's own configuration. */
export const agentDefaultsSchema = installationSettingsSchema.pick({
  buffer: true,
  programs: true,
  depot: true,
});
export type AgentDefaults = Readonly<z.infer<typeof agentDefaultsSchema>>;

export function agentDefaultsOf({ buffer, programs, depot }: InstallationSettings): AgentDefaults {
  return { ...(buffer && { buffer }), ...(programs && { programs }), ...(depot && { depot }) };
}

function isBufferSize(text: string): boolean {
  return byteSizeSchema(1_048_576, 1_024 * gibibyte).safeParse(text).success;
}

/** Everything that an agent needs before it has met its pool. A secret: who has it can join as that node. */
export const agentProfileSchema = z.strictObject({
  kind: z.literal('watchkeeper agent profile'),
  version: z.literal(1),
  node: nameSchema,
  pool: z.strictObject({ id: z.uuid(), name: nameSchema }),
  servers: z
    .array(z.url({ protocol: /^https$/ }).max(1_024))
    .min(1)
    .max(64),
  /** PEM. */
  authorities: z.array(z.string().max(8_192)).min(1).max(16),
  /** Joins this node, once, until `expiresMs`. */
  token: z.string().max(1_024),
  expiresMs: z.int().min(0),
  installation: agentDefaultsSchema,
  /** What it watches by until it has met its pool: a policy set (policies/policy-set.ts). */
  policies: z.strictObject({ generation: z.int().min(1), digest: z.string().max(64), text: z.string() }),
  /** Files of the depot that those policies need, as far as they are small. */
  files: z
    .array(z.strictObject({ sha256: sha256Schema, base64: z.base64() }))
    .max(1_024)
    .default([]),
});
export type AgentProfile = Readonly<z.infer<typeof agentProfileSchema>>;

export const profileRequestSchema = z
  .strictObject({
    node: nameSchema,
    /** For how long the agent can join with it. */
    validMs: z
      .int()
      .min(60_000)
      .max(366 * 86_400_000),
  })
  .meta({ id: 'AgentProfileRequest' });
export type ProfileRequest = z.infer<typeof profileRequestSchema>;

export const profileAnswerSchema = z
  .object({
    profile: agentProfileSchema,
    /** Names of the policies in it. */
    policies: z.array(z.string()),
    /** Files of the depot that they need. */
    files: z.array(z.object({ sha256: z.string(), sizeBytes: z.int() })),
  })
  .meta({ id: 'AgentProfile' });
export type ProfileAnswer = z.infer<typeof profileAnswerSchema>;
