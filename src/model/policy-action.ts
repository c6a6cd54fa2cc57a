import { z } from 'zod';
import { byteSizeSchema } from './byte-size.ts';
import { nameSchema } from './definitions.ts';
import { durationSchema } from './duration.ts';
import { parameterNameSchema, programPathSchema, systemUserSchema, toolLimits } from './tool.ts';

/** Policies name an action of one of these kinds: begun by itself for each message, or offered to who looks at it. */
export const offeredKinds = ['automatic', 'operator'] as const;
export type OfferedKind = (typeof offeredKinds)[number];

/** Text with `${name}` where that field or attribute of the message goes. */
const template = z
  .string()
  .max(toolLimits.wordCharsMax)
  .refine((text) => !text.includes('\0') && text.isWellFormed(), 'holds a NUL or half a character');

const ofCommands = {
  /** The program and its arguments; no shell is in between, and what a message says stays within its argument. */
  command: z
    .tuple([programPathSchema], template)
    .refine((words) => words.length <= toolLimits.wordsMax, `has more than ${toolLimits.wordsMax} words`)
    .optional(),
  /** As whom it runs; the agent's own user when left out. */
  user: systemUserSchema.optional(),
  timeout: durationSchema(100, 86_400_000).optional(),
  outputMax: byteSizeSchema(0, 262_144).optional(),
};

const fields = {
  tool: nameSchema.optional(),
  /** What the tool's parameters are. */
  parameters: z
    .record(parameterNameSchema, template)
    .refine(
      (all) => Object.keys(all).length <= toolLimits.parametersMax,
      `has more than ${toolLimits.parametersMax} parameters`,
    )
    .optional(),
  ...ofCommands,
  /** The node that it runs on; the message's own when left out. */
  node: nameSchema.optional(),
  /** What cannot begin so soon after the message was made (or after it was asked for) does not begin. */
  within: durationSchema(1_000, 86_400_000).default(600_000),
  /** Whether the message is acknowledged when it ended well. */
  acknowledge: z.boolean().default(false),
};

type Fields = z.output<z.ZodObject<typeof fields>>;

/** What a policy has done about a message: a tool, or a command that stands in the policy itself. */
export const policyActionSchema = z.strictObject(fields).superRefine(checkForm);
export type PolicyAction = Readonly<z.output<typeof policyActionSchema>>;

/** The same of a policy whose messages tell the state of a check. */
export const stateActionSchema = z
  .strictObject({
    ...fields,
    /** For messages of these states. */
    states: z
      .array(z.enum(['ok', 'warning', 'critical', 'unknown']))
      .min(1)
      .default(['critical']),
  })
  .superRefine(checkForm);
export type StateAction = Readonly<z.output<typeof stateActionSchema>>;

function checkForm({ tool, command, parameters, ...action }: Fields, context: z.RefinementCtx): void {
  const issue = (key: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [key], message });
  if ((tool === undefined) === (command === undefined)) issue('tool', 'give either a tool or a command');
  if (tool === undefined && parameters !== undefined)
    issue('parameters', 'belong to a tool; in a command ${name} stands for what the message says');
  if (command?.[0].includes('${') === true)
    issue('command', 'the program itself is fixed; what a message says goes into arguments');
  for (const key of ['user', 'timeout', 'outputMax'] as const)
    if (tool !== undefined && action[key] !== undefined) issue(key, 'is said by the tool itself');
}
