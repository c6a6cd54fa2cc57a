import { z } from 'zod';
import { nameSchema } from './definitions.ts';

/** A condition status variable that was switched; without one, what each policy declares counts. */
export const statusVariableContentSchema = z.strictObject({ value: z.boolean() });

export const statusVariableSchema = z.strictObject({
  /** As policies declare it. */
  name: nameSchema,
  ...statusVariableContentSchema.shape,
  changedMs: z.int().min(0),
  by: z.string().max(256),
});
export type StatusVariable = Readonly<z.infer<typeof statusVariableSchema>>;

/** As rules ask for them. */
export function valuesOf(switched: readonly StatusVariable[]): Readonly<Record<string, boolean>> {
  return Object.fromEntries(switched.map(({ name, value }) => [name, value]));
}

export const statusVariableViewSchema = z
  .object({
    name: z.string(),
    /** Null: nobody has switched it, and what each policy declares counts. */
    switched: z.object({ value: z.boolean(), by: z.string(), changedMs: z.int() }).nullable(),
    /** Policies in force that declare it, with what it is there by itself. */
    declared: z.array(z.object({ policy: z.string(), initially: z.boolean() })),
  })
  .meta({ id: 'StatusVariable' });
export type StatusVariableView = z.infer<typeof statusVariableViewSchema>;

export const statusVariablesSchema = z.object({ variables: z.array(statusVariableViewSchema) });
