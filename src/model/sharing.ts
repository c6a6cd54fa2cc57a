import { z } from 'zod';
import { messageSchema } from './message.ts';
import { operationSchema } from './operation.ts';

/** What pools tell each other of messages that one shares with the other. */

/** Pools that a message may go through; the last of them shares it with nobody. */
export const hopsMax = 8;

/** What the other pool may do with it: `control` is everything, `notify` is to look at it. */
export const shareKinds = ['control', 'notify'] as const;
export type ShareKind = (typeof shareKinds)[number];

const because = z.string().min(1).max(512);

/** A message with all that the other pool has to know of it. */
export const sharedMessageSchema = z.strictObject({
  node: z.uuid(),
  nodeName: z.string().min(1).max(256),
  message: messageSchema,
  /** IDs of the pools that have it, in the order in which they got it. */
  path: z.array(z.uuid()).min(1).max(hopsMax),
  share: z.enum(shareKinds),
  /** For notice, but it may be acknowledged all the same. */
  acknowledge: z.boolean(),
  /** The rule that shared it. */
  because,
});
export type SharedMessage = Readonly<z.infer<typeof sharedMessageSchema>>;

export const sharedItemSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('message'), ...sharedMessageSchema.shape }),
  z.strictObject({ kind: z.literal('operation'), operation: operationSchema.omit({ pool: true }) }),
]);
export type SharedItem = Readonly<z.infer<typeof sharedItemSchema>>;

export const sharedItemsMax = 500;
export const sharedBatchSchema = z.strictObject({
  items: z.array(sharedItemSchema).min(1).max(sharedItemsMax),
});

/** How a message came from another pool. */
export const sharedFromSchema = z.object({
  pool: z.string(),
  poolName: z.string(),
  path: z.array(z.string()),
  share: z.enum(shareKinds),
  acknowledge: z.boolean(),
  because: z.string(),
});
export type SharedFrom = Readonly<z.infer<typeof sharedFromSchema>>;

export const sharedToSchema = z.object({
  pool: z.string(),
  poolName: z.string(),
  /** As the rule names it. */
  server: z.string(),
  share: z.enum(shareKinds),
  acknowledge: z.boolean(),
  because: z.string(),
  atMs: z.int(),
  /** Of the role that decided; `void` when a later holder did not know of it. */
  epoch: z.int(),
  void: z.boolean(),
  state: z.enum(['waiting', 'sent', 'refused']),
  /** Why it was refused, here or there. */
  text: z.string().nullable(),
});
export type SharedTo = Readonly<z.infer<typeof sharedToSchema>>;

/** Where a message came from and went to, and why. */
export const messageSharingSchema = z.object({
  from: sharedFromSchema.nullable(),
  to: z.array(sharedToSchema),
  /** The pool of whoever owns it, else that from which it came first; null: this pool. */
  control: z.string().nullable(),
});
export type MessageSharing = Readonly<z.infer<typeof messageSharingSchema>>;

/** How sharing with another pool is doing. */
export const sharingStatusSchema = z.object({
  pool: z.string(),
  poolName: z.string(),
  /** Messages and operations that it has not confirmed yet. */
  waiting: z.int(),
  oldestMs: z.int().nullable(),
  /** The acting server alone knows: the other pool's server that it is connected to. */
  connectedTo: z.string().nullable(),
  /** Why it is not; null when it is, and on every other server. */
  problem: z.string().nullable(),
});
export type SharingStatus = Readonly<z.infer<typeof sharingStatusSchema>>;
