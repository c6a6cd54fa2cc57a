import { z } from 'zod';
import { actionReportSchema, reportsMax, signedOrderSchema } from './action.ts';
import { auditRecordSchema } from './audit.ts';
import { journaledChangeSchema } from './definition-change.ts';
import { roleReasons } from './definitions.ts';
import type { Hlc } from './hlc.ts';
import { messageSchema } from './message.ts';
import { handlings, operationSchema, versionSchema } from './operation.ts';
import { isOrigin, type Origin } from './origin.ts';
import { sharedItemsMax, sharedMessageSchema, shareKinds } from './sharing.ts';
import { policiesRunningSchema } from './policy-definitions.ts';

/**
 * One entry of a journal as it is stored and forwarded. `body` is zstd-compressed JSON of the kind's shape below;
 * the bytes are made once, by whoever saw it first (for messages: the agent), and never encoded again. `checksum`
 * covers every other field (journal/checksum.ts). A kind unknown to this version is stored and forwarded all the same.
 */
export interface Entry {
  readonly origin: Origin;
  readonly seq: number;
  readonly hlc: Hlc;
  readonly kind: string;
  readonly body: Uint8Array;
  readonly checksum: Uint8Array;
}

/** What a server is about to append to its own journal: origin, seq, hlc and checksum are added at the commit. */
export interface EntryDraft {
  readonly kind: EntryKind;
  readonly body: Uint8Array;
}

const uuid = z.uuid();
const role = z.string().min(1).max(256);

/** How a role changed hands, as its new holder knew it. */
const handoverSchema = z.object({
  because: z.enum(roleReasons),
  /** Core ID of the last holder, and its epoch; null and 0 for the first holder. */
  from: uuid.nullable(),
  fromEpoch: z.int().min(0),
  /** How long nobody acted for the role, by the wall clocks of both servers; null when that is not known. */
  unheldMs: z.int().min(0).nullable(),
});

/** How far the acting server has asked the rules of servers about what came in; not at all while there are none. */
const progressSchema = z.strictObject({
  active: z.boolean(),
  positions: z.record(z.string().refine(isOrigin), z.int().min(0)),
});

/** What each kind of entry holds, once decompressed. */
export const entryBodySchemas = {
  /** A batch of one node's messages; `node` is the agent's core ID, proved by its certificate. */
  messages: z.strictObject({
    node: uuid,
    nodeName: z.string().min(1).max(256),
    messages: z.array(messageSchema).min(1).max(5_000),
  }),
  operations: z.strictObject({ operations: z.array(operationSchema).min(1).max(5_000) }),
  /** An agent connected to, or was lost by, the server that is the entry's origin. */
  connections: z.strictObject({
    connections: z
      .array(
        z.strictObject({
          node: uuid,
          nodeName: z.string().min(1).max(256),
          connected: z.boolean(),
          lastHeardMs: z.int().min(0),
          version: z.string().max(64),
          address: z.string().max(256),
          /** The role of the virtual interface that it came through. */
          via: role.optional(),
          /** What it says it runs on: `linux`. */
          system: z.string().max(64).optional(),
          /** What the agent said of the policies that it got from the pool. */
          policies: policiesRunningSchema.optional(),
        }),
      )
      .min(1)
      .max(5_000),
  }),
  /** The first entry of a new holder: decisions of lower epochs beyond these positions are void everywhere. */
  takeover: z.strictObject({
    role,
    epoch: z.int().min(1),
    positions: z.record(z.string().refine(isOrigin), z.int().min(0)),
    /** For the history only. Older versions told nothing; what a newer one tells in its own words voids all the same. */
    handover: handoverSchema.optional().catch(undefined),
  }),
  /** Who did what on the server that is the entry's origin; chained (audit.ts). */
  audit: z.strictObject({ records: z.array(auditRecordSchema).min(1).max(1_000) }),
  /** Who changed which definitions. A fact, whoever writes it down: the same change twice is one. */
  definitions: z.strictObject({ changes: z.array(journaledChangeSchema).min(1).max(64) }),
  /** What nodes were asked to do, as the server that is the entry's origin signed it. */
  actions: z.strictObject({
    /** PEM, of that server. */
    certificate: signedOrderSchema.shape.certificate,
    actions: z
      .array(signedOrderSchema.pick({ order: true, signature: true }))
      .min(1)
      .max(500),
  }),
  /** What one node's agent told of actions; `node` is its core ID, proved by its certificate. */
  'action-reports': z.strictObject({
    node: uuid,
    reports: z.array(actionReportSchema).min(1).max(reportsMax),
  }),
  /** Messages that another pool shares with this one. */
  shared: z.strictObject({
    pool: uuid,
    poolName: z.string().min(1).max(256),
    messages: z.array(sharedMessageSchema).min(1).max(sharedItemsMax),
  }),
  /** Another pool has confirmed that it has these, or will never take them. A fact: it cannot be void. */
  settled: z.strictObject({
    pool: uuid,
    items: z
      .array(
        z.strictObject({
          message: messageSchema.shape.id,
          /** Null: the message itself. */
          operation: z.uuid().nullable(),
          refused: z.string().min(1).max(512).optional(),
        }),
      )
      .min(1)
      .max(sharedItemsMax),
  }),
  /** What the holder of a role decided. */
  decisions: z.strictObject({
    role,
    epoch: z.int().min(1),
    decisions: z
      .array(
        z.discriminatedUnion('kind', [
          z.strictObject({
            kind: z.literal('raise'),
            node: uuid,
            nodeName: z.string().min(1).max(256),
            message: messageSchema,
          }),
          /** Acknowledges a message; yields to an operation later than `seen`, the version the decision knew. */
          z.strictObject({
            kind: z.literal('close'),
            id: z.uuidv7(),
            message: messageSchema.shape.id,
            seen: versionSchema.nullable(),
            because: z.string().min(1).max(256),
            /** Where rules of service hours and outages closed it. */
            handling: z.enum(handlings).optional(),
            /** Of a held one: when service begins; null when that is not known. */
            untilMs: z.int().min(0).nullable().optional(),
          }),
          /** The message goes to another pool too. */
          z.strictObject({
            kind: z.literal('share'),
            id: z.uuidv7(),
            message: messageSchema.shape.id,
            pool: uuid,
            poolName: z.string().min(1).max(256),
            /** As the rule names it. */
            server: z.string().min(1).max(256),
            share: z.enum(shareKinds),
            acknowledge: z.boolean(),
            because: z.string().min(1).max(512),
            /** Why it does not go there after all. */
            refused: z.string().min(1).max(256).optional(),
          }),
          /** Takes a close of a held message back: its service hours have begun, or no rule holds it any more. */
          z.strictObject({
            kind: z.literal('release'),
            id: z.uuidv7(),
            message: messageSchema.shape.id,
            /** The ID of the close. */
            close: z.uuidv7(),
            because: z.string().min(1).max(256),
          }),
        ]),
      )
      .max(5_000),
    progress: progressSchema.optional(),
  }),
} as const;

export type EntryKind = keyof typeof entryBodySchemas;
export type EntryBody<K extends EntryKind> = Readonly<z.infer<(typeof entryBodySchemas)[K]>>;
export type Handover = z.infer<typeof handoverSchema>;
export type RuleProgress = z.infer<typeof progressSchema>;
export type SettledItem = EntryBody<'settled'>['items'][number];
export type Decision = EntryBody<'decisions'>['decisions'][number];
export type Connection = EntryBody<'connections'>['connections'][number];

export function isEntryKind(kind: string): kind is EntryKind {
  return Object.hasOwn(entryBodySchemas, kind);
}
