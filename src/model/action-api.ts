import { z } from 'zod';
import { actionStates, deadlineMsMax, outputStreams } from './action.ts';
import { nameSchema } from './definitions.ts';
import { offeredKinds } from './policy-action.ts';
import { parameterNameSchema, toolLimits, toolParameterSchema } from './tool.ts';

const changed = {
  /** Grows with every change; to be given back with the next one, so that no change of another is lost unseen. */
  revision: z.int(),
  changedMs: z.int(),
  by: z.string(),
};

export const toolViewSchema = z
  .object({
    name: z.string(),
    description: z.string().nullable(),
    /** With `${name}` where parameters go. */
    command: z.array(z.string()),
    parameters: z.record(z.string(), toolParameterSchema),
    /** Null: the agent's own. */
    user: z.string().nullable(),
    timeoutMs: z.int(),
    outputBytesMax: z.int(),
    ...changed,
  })
  .meta({ id: 'Tool' });
export type ToolView = z.infer<typeof toolViewSchema>;
export const toolViewsSchema = z.object({ tools: z.array(toolViewSchema) }).meta({ id: 'Tools' });

export const toolDetailSchema = toolViewSchema
  .extend({ source: z.record(z.string(), z.unknown()) })
  .meta({ id: 'ToolDetail' });
export type ToolDetail = z.infer<typeof toolDetailSchema>;

export const toolRequestSchema = z
  .strictObject({
    /** The tool as it stands in a file. */
    source: z.record(z.string(), z.unknown()),
    /** `0` or left out: whatever is there is replaced. */
    revision: z.int().min(0).optional(),
  })
  .meta({ id: 'ToolRequest' });
export type ToolRequest = z.infer<typeof toolRequestSchema>;

/** How many nodes one request may be about. */
export const actionNodesMax = 10_000;

export const actionRequestSchema = z
  .strictObject({
    tool: nameSchema,
    /** Text each, also of integers; those with a default may be left out. */
    parameters: z
      .record(parameterNameSchema, z.string().max(toolLimits.valueCharsMax))
      .refine((all) => Object.keys(all).length <= toolLimits.parametersMax)
      .default({}),
    /** Nodes by name. With a message and neither nodes nor groups: the node of the message. */
    nodes: z.array(nameSchema).max(2_000).default([]),
    /** Node groups by name: whoever is in them now. */
    nodeGroups: z.array(nameSchema).max(64).default([]),
    /** What it is about; the result becomes an annotation of it. */
    message: z.uuidv7().optional(),
    /** A node that cannot begin within this time does not do it. */
    withinMs: z.int().min(1_000).max(deadlineMsMax).optional(),
    /** A UUIDv7. Repeating a request with the same key does nothing twice: the actions' IDs are derived from it. */
    idempotencyKey: z.uuidv7().optional(),
  })
  .meta({ id: 'ActionRequest' });
export type ActionRequest = z.output<typeof actionRequestSchema>;
export type ActionRequestInput = z.input<typeof actionRequestSchema>;

/** To do what a message's policy offers for it. */
export const actRequestSchema = z
  .strictObject({
    /** A UUIDv7. Repeating a request with the same key does nothing twice. */
    idempotencyKey: z.uuidv7().optional(),
  })
  .meta({ id: 'ActRequest' });
export type ActRequest = z.output<typeof actRequestSchema>;

/** What the policy that made a message offers to who looks at it. */
export const offeredActionSchema = z
  .object({
    policy: z.string(),
    /** Null where the command stands in the policy. */
    tool: z.string().nullable(),
    nodeName: z.string(),
    /** With what the message says in its place. Empty where that cannot be: `whyNot` says why. */
    parameters: z.record(z.string(), z.string()),
    command: z.array(z.string()),
    /** Whether the message is acknowledged when it ended well. */
    acknowledge: z.boolean(),
    /** Why it is not done when the caller asks for it now; null when it is. */
    whyNot: z.string().nullable(),
  })
  .meta({ id: 'OfferedAction' });
export type OfferedAction = z.infer<typeof offeredActionSchema>;

export const actionAnswerSchema = z
  .object({
    /** What the actions asked at once have in common; null when nobody is asked to do anything. */
    request: z.string().nullable(),
    deadlineMs: z.int(),
    actions: z.array(z.object({ id: z.string(), node: z.string(), nodeName: z.string() })),
    /** Nodes that are not asked, each with the reason. */
    refused: z.array(z.object({ nodeName: z.string(), because: z.string() })),
    /** On how many servers it is on disk. */
    copies: z.int(),
  })
  .meta({ id: 'ActionAnswer' });
export type ActionAnswer = z.infer<typeof actionAnswerSchema>;

export const actionViewSchema = z
  .object({
    id: z.string(),
    request: z.string(),
    node: z.string(),
    nodeName: z.string(),
    tool: z.string(),
    parameters: z.record(z.string(), z.string()),
    command: z.array(z.string()),
    /** As whom it runs; null: the agent's own user. */
    user: z.string().nullable(),
    by: z.string(),
    /** Name of the server that it was asked at. */
    from: z.string(),
    message: z.string().nullable(),
    /** The policy that names it, and whether it was begun by itself or offered to who asked for it. */
    policy: z
      .object({ name: z.string(), kind: z.enum(offeredKinds) })
      .nullable()
      .default(null),
    /** Where no person asked for it: the role that decided it, and its epoch. */
    decision: z.object({ role: z.string(), epoch: z.int() }).nullable(),
    askedMs: z.int(),
    deadlineMs: z.int(),
    startedMs: z.int().nullable(),
    endedMs: z.int().nullable(),
    state: z.enum(actionStates),
    /** Of the state, in words for people. */
    because: z.string(),
    /** Whether nothing about it will change any more. An `unknown` that is not final waits for its node to come back. */
    final: z.boolean(),
    exitCode: z.int().nullable(),
    /** Whether it printed more than was kept. */
    cut: z.boolean(),
  })
  .meta({ id: 'Action' });
export type ActionView = z.infer<typeof actionViewSchema>;

/** One piece of what an action printed. `number` grows within an action. */
export const outputPieceSchema = z
  .object({
    action: z.string(),
    number: z.int(),
    stream: z.enum(outputStreams),
    text: z.string(),
  })
  .meta({ id: 'OutputPiece' });
export type OutputPiece = z.infer<typeof outputPieceSchema>;

export const actionQuerySchema = z.strictObject({
  request: z.uuidv7().optional(),
  /** Name or core ID. */
  node: z.string().max(256).optional(),
  message: z.uuidv7().optional(),
  limit: z.coerce.number<string>().int().min(1).max(1_000).default(100),
  /** The last page's `next`. */
  cursor: z.uuidv7().optional(),
});
export type ActionQuery = z.output<typeof actionQuerySchema>;

export const actionPageSchema = z
  .object({ actions: z.array(actionViewSchema), next: z.string().nullable() })
  .meta({ id: 'ActionPage' });
export type ActionPage = z.infer<typeof actionPageSchema>;

export const actionDetailSchema = z
  .object({ action: actionViewSchema, output: z.array(outputPieceSchema) })
  .meta({ id: 'ActionDetail' });
export type ActionDetail = z.infer<typeof actionDetailSchema>;
