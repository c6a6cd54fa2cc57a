import { z } from 'zod';
import { byteSizeSchema } from './byte-size.ts';
import { nameSchema } from './definitions.ts';
import { durationSchema } from './duration.ts';

export const toolLimits = {
  wordsMax: 256,
  wordCharsMax: 8_192,
  parametersMax: 32,
  /** Of a whole command, all parameters in their places. */
  commandBytesMax: 131_072,
  valueCharsMax: 8_192,
  /** Of a text that has to fit an expression: matching takes time in proportion. */
  matchedCharsMax: 4_096,
} as const;

const description = z.string().min(1).max(256);
/** What goes between two zeros of a program's arguments; anything but that zero itself. */
const word = z
  .string()
  .max(toolLimits.wordCharsMax)
  .refine((text) => !text.includes('\0') && text.isWellFormed(), 'holds a NUL or half a character');

/** An absolute path without `.`, `..` or an empty part, so that a list of allowed programs means what it says. */
export const programPathSchema = z
  .string()
  .min(2)
  .max(4_096)
  .startsWith('/', 'must be an absolute path')
  .refine((path) => !path.includes('\0') && path.isWellFormed(), 'holds a NUL or half a character')
  .refine((path) => isPlainPath(path), 'must be a path without //, /./ or /../');

export function isPlainPath(path: string): boolean {
  return path
    .slice(1)
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..');
}

const depotProgram = /^depot:[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** The same, or a file of the pool's depot: `depot:NAME`. */
export const toolProgramSchema = z.string().superRefine((text, context) => {
  if (depotProgram.test(text)) return;
  for (const { message } of programPathSchema.safeParse(text).error?.issues ?? [])
    context.addIssue({
      code: 'custom',
      message: message.replace('an absolute path', 'an absolute path or depot:NAME'),
    });
});

/** A user of the node's own system. */
export const systemUserSchema = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,30}\$?$/, 'must be the name of a user of the node');

/** What a parameter may be; what is given for it is always one argument, or a part of one. */
export const toolParameterSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('text'),
    description: description.optional(),
    default: word.optional(),
    /** An expression that the whole text has to fit (policies/pattern/). */
    match: z.string().min(1).max(1_024).optional(),
    charsMax: z.int().min(1).max(toolLimits.valueCharsMax).default(1_024),
  }),
  z.strictObject({
    type: z.literal('integer'),
    description: description.optional(),
    default: z.int().optional(),
    min: z.int().optional(),
    max: z.int().optional(),
  }),
  z.strictObject({
    type: z.literal('choice'),
    description: description.optional(),
    default: word.optional(),
    values: z.array(word.min(1)).min(1).max(256),
  }),
]);
export type ToolParameter = Readonly<z.output<typeof toolParameterSchema>>;

export const parameterNameSchema = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]{0,62}$/,
    'must be 1 to 63 letters, digits or underscores, the first no digit',
  );

/** A program that may be started on nodes, as somebody writes it in a file. */
export const toolSchema = z.strictObject({
  description: description.optional(),
  /**
   * The program and its arguments; no shell is in between. `${name}` in an argument is what is given for that parameter; a word
   * `depot:NAME` is the path of that file of the depot.
   */
  command: z
    .tuple([toolProgramSchema], word)
    .refine((words) => words.length <= toolLimits.wordsMax, `has more than ${toolLimits.wordsMax} words`),
  parameters: z
    .record(parameterNameSchema, toolParameterSchema)
    .refine(
      (all) => Object.keys(all).length <= toolLimits.parametersMax,
      `has more than ${toolLimits.parametersMax} parameters`,
    )
    .default({}),
  /** As whom it runs; the agent's own user when left out. */
  user: systemUserSchema.optional(),
  /** What runs longer is killed with everything that it started. */
  timeout: durationSchema(100, 86_400_000).default(60_000),
  /** Of what it prints, on both its outputs together; what is beyond is read past and the output marked as cut. */
  outputMax: byteSizeSchema(0, 262_144).default(32_768),
});
export type Tool = Readonly<z.output<typeof toolSchema>>;

export const toolDefinitionSchema = z.strictObject({
  name: nameSchema,
  source: z.record(z.string(), z.unknown()),
  changedMs: z.int().min(0),
  /** Who changed it last. */
  by: z.string().max(256),
});
export type ToolDefinition = Readonly<z.infer<typeof toolDefinitionSchema>>;
