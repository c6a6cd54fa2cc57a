import { z } from 'zod';
import { isOrigin, type Origin } from './origin.ts';
import type { Hlc } from './hlc.ts';
import { messageSchema } from './message.ts';

export const operationKinds = ['acknowledge', 'unacknowledge', 'own', 'disown', 'annotate'] as const;
export type OperationKind = (typeof operationKinds)[number];

/** Which write of a message's field one had seen; null for "none yet". Compared by (hlc, origin). */
export interface Version {
  readonly hlc: Hlc;
  readonly origin: Origin;
}

export function compareVersions(a: Version | null, b: Version | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  if (a.hlc !== b.hlc) return a.hlc - b.hlc;
  return a.origin < b.origin ? -1 : a.origin > b.origin ? 1 : 0;
}

export const versionSchema = z.strictObject({
  hlc: z.int().min(0),
  origin: z.string().refine(isOrigin, 'is not an origin'),
});

/** What an operator did to a message: a fact that merges. `hlc` is above every version its author had seen. */
export const operationSchema = z.strictObject({
  id: z.uuidv7(),
  message: messageSchema.shape.id,
  kind: z.enum(operationKinds),
  by: z.string().min(1).max(256),
  hlc: z.int().min(0),
  text: messageSchema.shape.text.optional(),
  /** The other pool that it came from; it was made there, and `by` says by whom. */
  pool: z.uuid().optional(),
});
export type Operation = Readonly<z.infer<typeof operationSchema>>;

export const messageStates = ['open', 'acknowledged'] as const;
export type MessageState = (typeof messageStates)[number];

/** What service rules made of a message that is not worked on as it comes. */
export const handlings = ['held', 'suppressed', 'logged only'] as const;
export type Handling = (typeof handlings)[number];
