import { z } from 'zod';
import { isOrigin } from './origin.ts';

export const auditOutcomes = ['allowed', 'denied'] as const;

/** Kinds of whoever did it; `nobody` for who could not say who it is. */
const auditKinds = ['user', 'token', 'server', 'agent', 'witness', 'nobody'] as const;

/** Who did what to what, from where. Holds no secret: every action says itself what of a request goes into `detail`. */
export const auditDraftSchema = z.strictObject({
  kind: z.enum(auditKinds),
  by: z.string().max(256),
  coreId: z.uuid().nullable(),
  /** Address that it came from. */
  from: z.string().max(64),
  /** `role.change`, `session.create` … */
  action: z.string().min(1).max(64),
  target: z.string().max(256),
  outcome: z.enum(auditOutcomes),
  detail: z.string().max(2_048),
  /** ID of the session that it was done in, or that began or ended with it. */
  session: z.string().max(64).nullable(),
});
export type AuditDraft = Readonly<z.infer<typeof auditDraftSchema>>;

/** One record of a server's trail: numbered from 1 in each run of a server, and holding the hash of the one before. */
export const auditRecordSchema = auditDraftSchema.extend({
  number: z.int().min(1),
  atMs: z.int().min(0),
  /** SHA-256 (hex) of the record before; of the last one of the server's run before, for the first. */
  previous: z.string().regex(/^[0-9a-f]{64}$/),
});
export type AuditRecord = Readonly<z.infer<typeof auditRecordSchema>>;

/** What stands before the first record of a server that knows of no run before. */
export const auditBegin = '0'.repeat(64);

/** The text that is hashed and stored: every field, always in this order. */
export function auditText(record: AuditRecord): string {
  const { number, atMs, previous, kind, by, coreId, from, action, target, outcome, detail, session } = record;
  return JSON.stringify({
    number,
    atMs,
    previous,
    kind,
    by,
    coreId,
    from,
    action,
    target,
    outcome,
    detail,
    session,
  });
}

export const auditViewSchema = z
  .object({ ...auditRecordSchema.shape, origin: z.string(), server: z.string() })
  .meta({ id: 'AuditRecord' });
export type AuditView = z.infer<typeof auditViewSchema>;

/** The newest first; `cursor` is the last page's `next`. */
export const auditQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  by: z.string().max(256).optional(),
  /** The whole word, or its beginning up to a dot: `user` finds `user.create`. */
  action: z.string().max(64).optional(),
  outcome: z.enum(auditOutcomes).optional(),
  sinceMs: z.coerce.number().int().min(0).optional(),
  cursor: z
    .string()
    .max(128)
    .regex(/^\d{1,17}-[0-9a-f.-]{1,64}-\d{1,12}$/)
    .optional(),
});
export type AuditQuery = z.infer<typeof auditQuerySchema>;

export const auditPageSchema = z
  .object({ records: z.array(auditViewSchema), next: z.string().nullable() })
  .meta({ id: 'AuditPage' });
export type AuditPage = z.infer<typeof auditPageSchema>;

/** What one server has of the trail of one run of a server, and whether it is whole. */
export const auditChainSchema = z.object({
  origin: z.string().refine(isOrigin),
  server: z.string(),
  records: z.int().min(0),
  last: z.int().min(0),
  /** Where the last record stands in the origin's journal. */
  seq: z.int().min(0),
  /** The hash of the last record. */
  head: z.string(),
  /** Null when it is whole; else the number of the first record that is wrong, and what is wrong with it. */
  broken: z.object({ number: z.int(), because: z.string() }).nullable(),
});
export type AuditChain = z.infer<typeof auditChainSchema>;

export const auditVerdictSchema = z
  .object({
    server: z.string(),
    /** How far this server has each journal. */
    positions: z.record(z.string(), z.int()),
    chains: z.array(auditChainSchema),
  })
  .meta({ id: 'AuditVerdict' });
export type AuditVerdict = z.infer<typeof auditVerdictSchema>;
