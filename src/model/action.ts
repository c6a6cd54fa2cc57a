import { z } from 'zod';
import { nameSchema } from './definitions.ts';
import { depotBytesSchema } from './depot.ts';
import { offeredKinds } from './policy-action.ts';
import { parameterNameSchema, systemUserSchema, toolLimits, toolProgramSchema } from './tool.ts';

/** How an action can end. `not done`: the program was never started, and never will be. `unknown`: it was, and its end was not seen. */
export const actionResults = ['done', 'failed', 'not done', 'unknown'] as const;
export type ActionResult = (typeof actionResults)[number];

export const actionStates = ['asked', 'running', ...actionResults] as const;
export type ActionState = (typeof actionStates)[number];

/** No action waits longer for its node. */
export const deadlineMsMax = 86_400_000;
export const deadlineMsDefault = 60_000;
export const outputStreams = ['stdout', 'stderr'] as const;

const ms = z.int().min(0);
const word = z.string().max(toolLimits.commandBytesMax);

/**
 * What one node is to do, once: exactly the text of this is signed by the server that it was asked at. The same ID never
 * stands for something else, and is done at most once, whoever brings it how often.
 */
export const actionOrderSchema = z.strictObject({
  id: z.uuidv7(),
  /** Of all that was asked at once. */
  request: z.uuidv7(),
  pool: z.uuid(),
  /** The core ID of the node: nobody else obeys. */
  node: z.uuid(),
  nodeName: nameSchema,
  /** The name of the policy where the command stands in one. */
  tool: nameSchema,
  /** What was given for the tool's parameters, for people to read; `command` has it in its place. */
  parameters: z.record(parameterNameSchema, z.string().max(toolLimits.valueCharsMax)),
  command: z.tuple([toolProgramSchema], word).refine((words) => words.length <= toolLimits.wordsMax),
  user: systemUserSchema.nullable(),
  timeoutMs: z.int().min(100).max(86_400_000),
  outputBytesMax: z.int().min(0).max(262_144),
  askedMs: ms,
  /** By the clocks of the servers. Nothing is started later. */
  deadlineMs: ms,
  by: z.string().min(1).max(256),
  /** The server that it was asked at, which signed this. */
  from: z.strictObject({ coreId: z.uuid(), name: nameSchema }),
  /** What it was asked about; it gets the result as an annotation. */
  message: z.uuidv7().nullable(),
  /** Where a role's holder decided it: an agent that has seen a higher epoch does not obey. */
  decision: z.strictObject({ role: z.string().min(1).max(256), epoch: z.int().min(1) }).nullable(),
  /**
   * Which words of the command stand for files of the depot, counted from 0: those that the tool itself names. What was given for a
   * parameter is text, also where it looks like one.
   */
  depot: z
    .array(depotBytesSchema.extend({ at: z.int().min(0).max(toolLimits.wordsMax), name: nameSchema }))
    .max(toolLimits.wordsMax)
    .optional(),
  /** The policy that has it done about the message, and whether the message is acknowledged when it ended well. */
  policy: z
    .strictObject({ name: nameSchema, kind: z.enum(offeredKinds), acknowledge: z.boolean() })
    .optional(),
});
export type ActionOrder = Readonly<z.infer<typeof actionOrderSchema>>;

/** An order with what proves it: both travel as they are, from the server that was asked to the agent. */
export const signedOrderSchema = z.strictObject({
  /** JSON of an `ActionOrder`. */
  order: z.string().min(2).max(1_048_576),
  /** By the key of the certificate (ECDSA P-256, SHA-256), base64. */
  signature: z.string().min(8).max(256),
  /** PEM, of the server that signed. */
  certificate: z.string().min(1).max(8_192),
});
export type SignedOrder = Readonly<z.infer<typeof signedOrderSchema>>;

/** Output is told in pieces of at most so many characters. */
export const pieceCharsMax = 16_384;

/** What an agent tells of an action: numbered from 0 on, and told until it is stored. */
export const actionReportSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('started'), action: z.uuidv7(), number: ms, atMs: ms }),
  z.strictObject({
    kind: z.literal('output'),
    action: z.uuidv7(),
    number: ms,
    stream: z.enum(outputStreams),
    text: z.string().min(1).max(pieceCharsMax),
  }),
  z.strictObject({
    kind: z.literal('ended'),
    action: z.uuidv7(),
    number: ms,
    atMs: ms,
    result: z.enum(actionResults),
    /** Null where a signal ended it, and where it was never started. */
    exitCode: z.int().nullable(),
    /** In words for people. */
    because: z.string().min(1).max(1_024),
    /** Whether it printed more than was kept. */
    cut: z.boolean(),
  }),
]);
export type ActionReport = Readonly<z.infer<typeof actionReportSchema>>;

export const reportsMax = 500;
