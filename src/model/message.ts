import { z } from 'zod';
import { severities } from './severity.ts';

export const messageLimits = {
  textCharsMax: 8_192,
  nameCharsMax: 256,
  attributesMax: 64,
  attributeValueCharsMax: 2_048,
} as const;

// Tabs and line breaks may stand in a text; every other control character, and a lone surrogate, may not.
// oxlint-disable-next-line no-control-regex
const forbiddenInText = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;
// oxlint-disable-next-line no-control-regex
const forbiddenInName = /[\u0000-\u001f\u007f]/;

const text = z
  .string()
  .min(1)
  .max(messageLimits.textCharsMax)
  .refine((value) => !forbiddenInText.test(value) && value.isWellFormed(), 'contains control characters');
const name = z
  .string()
  .max(messageLimits.nameCharsMax)
  .refine((value) => !forbiddenInName.test(value) && value.isWellFormed(), 'contains control characters');
const attributes = z
  .record(
    name.min(1),
    z
      .string()
      .max(messageLimits.attributeValueCharsMax)
      .refine((value) => !forbiddenInText.test(value) && value.isWellFormed(), 'contains control characters'),
  )
  .refine(
    (value) => Object.keys(value).length <= messageLimits.attributesMax,
    `more than ${messageLimits.attributesMax} attributes`,
  );

/**
 * One report as its source made it; it never changes afterwards. `id` is a UUIDv7 given at the source, `createdMs`
 * the wall clock there. Empty strings are left out. What operators do to it is an operation, never an edit.
 */
export const messageSchema = z.strictObject({
  id: z.uuidv7().refine((value) => value === value.toLowerCase(), 'must be lower case'),
  createdMs: z.int().min(0).max(8_640_000_000_000_000),
  severity: z.enum(severities),
  text,
  application: name.optional(),
  object: name.optional(),
  group: name.optional(),
  key: name.optional(),
  attributes: attributes.optional(),
  /** The policy that made it, or the name of the tool that sent it. */
  source: name.optional(),
});

export type Message = Readonly<z.infer<typeof messageSchema>>;

/** What a person or a source gives; the agent adds `id` and `createdMs`. */
export const messageDraftSchema = messageSchema.omit({ id: true, createdMs: true });
export type MessageDraft = Readonly<z.infer<typeof messageDraftSchema>>;
