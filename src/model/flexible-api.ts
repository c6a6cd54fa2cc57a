import { z } from 'zod';
import { handlings } from './operation.ts';
import { severities } from './severity.ts';

/** What the API takes and gives about a text of flexible management that is being written, and what comes of it. */

const line = z.int().min(1);

export const textFindingSchema = z.object({
  /** A text with an error is used nowhere; one with warnings is. */
  level: z.enum(['error', 'warning']),
  /** Where it is known. */
  line: line.nullable(),
  column: line.nullable(),
  text: z.string(),
});
export type TextFinding = z.infer<typeof textFindingSchema>;

const fact = z.string().max(8_192);

/** What rules look at. What is empty or missing matches no condition that asks for it. */
export const sampleMessageSchema = z.strictObject({
  severity: z.enum(severities),
  text: fact,
  node: z.strictObject({
    name: fact,
    coreId: fact.optional(),
    addresses: z.array(z.string().max(64)).max(64).optional(),
  }),
  application: fact.optional(),
  group: fact.optional(),
  object: fact.optional(),
  messageType: fact.optional(),
  service: fact.optional(),
});

export const explainRequestSchema = z
  .strictObject({
    text: z.string().max(200_000),
    /** Who reads it: agents (whom to obey, whom to tell) or servers (forwarding, service hours). */
    kind: z.enum(['agent', 'server']),
    message: sampleMessageSchema,
    atMs: z.int().min(0),
    /** IANA names. */
    nodeZone: z.string().max(64),
    serverZone: z.string().max(64),
    /** Condition status variables that were switched. */
    set: z.record(z.string().max(256), z.boolean()).optional(),
  })
  .meta({ id: 'ExplainRequest' });
export type ExplainRequest = z.infer<typeof explainRequestSchema>;

const explainedRuleSchema = z.object({
  description: z.string(),
  line,
  decides: z.boolean(),
  because: z.string(),
  conditions: z.array(
    z.object({
      condition: z.string(),
      hit: z.boolean(),
      /** The first attribute that did not fit. */
      missed: z.string().nullable(),
      tooCostly: z.boolean(),
    }),
  ),
});
export type ExplainedRule = Readonly<z.infer<typeof explainedRuleSchema>>;

/** What `policy explain` tells; its shape only ever gains keys. */
export const explanationSchema = z.object({
  kind: z.enum(['agent', 'server']),
  /** As they stand in a policy; for an agent exactly one. */
  targets: z.array(z.object({ manager: z.string(), share: z.enum(['control', 'notify']).nullable() })),
  rules: z.array(explainedRuleSchema),
  /** For servers only. */
  service: z
    .object({
      delivery: z.string(),
      /** Of a held message: when its service hours begin; null when that is not known. */
      untilMs: z.int().nullable(),
      troubleTicket: z.boolean().nullable(),
      notification: z.boolean().nullable(),
      rules: z.array(explainedRuleSchema),
    })
    .nullable(),
});
export type Explanation = Readonly<z.infer<typeof explanationSchema>>;

export const rulesExplainRequestSchema = z
  .strictObject({ message: sampleMessageSchema, atMs: z.int().min(0) })
  .meta({ id: 'RulesExplainRequest' });
export type RulesExplainRequest = z.infer<typeof rulesExplainRequestSchema>;

/** What becomes of a message by the outages and the policies for servers that are in force. */
export const rulesExplanationSchema = z
  .object({
    /** Null: it stands open at once. */
    handling: z
      .object({
        what: z.enum(handlings),
        /** Of a held one: when it stands open; null when that is not known. */
        untilMs: z.int().nullable(),
        because: z.string(),
      })
      .nullable(),
    /** Other pools that it goes to, each with the server that the rule means. */
    shares: z.array(
      z.object({
        pool: z.string(),
        server: z.string(),
        share: z.enum(['control', 'notify']),
        because: z.string(),
      }),
    ),
    /** The zone of the hour that rules went by. */
    nodeZone: z.string(),
  })
  .meta({ id: 'RulesExplanation' });
export type RulesExplanation = z.infer<typeof rulesExplanationSchema>;

export const explainAnswerSchema = z
  .object({
    findings: z.array(textFindingSchema),
    /** Null where the text has an error. */
    explanation: explanationSchema.nullable(),
  })
  .meta({ id: 'ExplainAnswer' });
export type ExplainAnswer = z.infer<typeof explainAnswerSchema>;
