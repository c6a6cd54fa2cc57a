import { z } from 'zod';
import { nameSchema } from './definitions.ts';
import { managerSystemSchema } from './policy.ts';

/**
 * Another pool, whose authorities are among those that are trusted (trust.ts): where its servers are, so that policies may
 * send messages there, and which of its nodes may send messages here. They are never managed from here.
 */
export const otherPoolSchema = z.strictObject({
  name: nameSchema,
  id: z.uuid(),
  /** The preferred first; virtual interfaces too. */
  servers: z.array(managerSystemSchema).max(64),
  /** Names of nodes, as patterns (`web*`), whose agents may send messages here; none where it is empty. */
  accept: z.array(z.string().min(1).max(256)).max(256),
  changedMs: z.int().min(0),
  by: z.string().max(256),
});
export type OtherPool = Readonly<z.infer<typeof otherPoolSchema>>;

/** Which server or virtual interface of the pool a node is to talk to first; by the name of the node. */
export const primaryDefinitionSchema = z.strictObject({
  node: nameSchema,
  manager: nameSchema,
  changedMs: z.int().min(0),
  by: z.string().max(256),
});
export type PrimaryDefinition = Readonly<z.infer<typeof primaryDefinitionSchema>>;
