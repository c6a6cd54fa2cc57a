import { z } from 'zod';
import { definitionKinds } from './config.ts';

/** What one change made of one definition. */
const itemSchema = z.strictObject({
  kind: z.enum(definitionKinds),
  name: z.string().min(1).max(128),
  /** Never a secret; null: it was removed. */
  content: z.record(z.string(), z.unknown()).nullable(),
});
export type ChangedDefinition = Readonly<z.infer<typeof itemSchema>>;

/**
 * Who changed which definitions, and what they say now. Written into the coordinator in the transaction of the change itself, so
 * that there is none without the other, and taken from there into the journals of all servers.
 */
export const definitionChangeSchema = z.strictObject({
  atMs: z.int().min(0),
  by: z.string().max(256),
  /** `policy set`, `config apply`, `config rollback` … */
  via: z.string().max(64),
  items: z.array(itemSchema).min(1).max(256),
});
export type DefinitionChange = Readonly<z.infer<typeof definitionChangeSchema>>;

/** The same as the journal has it. */
export const journaledChangeSchema = definitionChangeSchema.extend({
  /** Of the coordinator at that time: a restored one counts its revisions again. */
  lineage: z.string().max(64),
  /** Of the transaction; grows with every change, also past a coordinator that was restored (`PoolView.generation`). */
  revision: z.int().min(0),
});
export type JournaledChange = Readonly<z.infer<typeof journaledChangeSchema>>;
