import { z } from 'zod';
import type { Coordination } from '../coordination/coordination.ts';
import { keys } from '../model/definitions.ts';
import { WatchError } from '../model/errors.ts';
import type { IdentityKind } from '../model/identity.ts';
import {
  certificateRecordSchema,
  revocationSchema,
  type CertificateRecord,
  type Revocation,
} from '../model/trust.ts';
import type { Uuid } from '../model/uuid.ts';
import { renewableAfterMs } from './lifetimes.ts';

/** Somebody of the pool: defined, or revoked, or both. */
export interface ListedIdentity {
  readonly coreId: Uuid;
  readonly kind: IdentityKind;
  readonly name: string;
  /** Whether its definition is there. */
  readonly enrolled: boolean;
  /** Null for one that was enrolled before certificates were remembered, until it renews. */
  readonly record: CertificateRecord | null;
  readonly revocation: Revocation | null;
}

export const identityStates = ['valid', 'expired', 'lapsed', 'unknown', 'revoked', 'removed'] as const;

/** `expired` may still be renewed, `lapsed` no more; `unknown`: no certificate was remembered yet. */
export function stateOf(
  { enrolled, record, revocation }: ListedIdentity,
  nowMs: number,
): (typeof identityStates)[number] {
  if (revocation !== null) return 'revoked';
  if (!enrolled) return 'removed';
  if (record === null) return 'unknown';
  if (nowMs <= record.notAfterMs) return 'valid';
  return nowMs <= record.notAfterMs + renewableAfterMs ? 'expired' : 'lapsed';
}

const namedSchema = z.object({ coreId: z.uuid(), name: z.string() });
const definedAt: readonly (readonly [string, IdentityKind])[] = [
  [keys.servers, 'server'],
  [keys.witnesses, 'witness'],
  [keys.nodes, 'agent'],
  [keys.users, 'user'],
];

/** Everybody whom the pool knows, by kind and name. */
export async function listIdentities(coordination: Coordination): Promise<ListedIdentity[]> {
  const [records, revocations, ...defined] = await Promise.all([
    valuesAt(coordination, keys.certificates, certificateRecordSchema),
    valuesAt(coordination, keys.revocations, revocationSchema),
    ...definedAt.map(([prefix]) => valuesAt(coordination, prefix, namedSchema)),
  ]);
  const recordOf = new Map(records.map((record) => [record.coreId, record]));
  const revocationOf = new Map(revocations.map((revocation) => [revocation.coreId, revocation]));
  const listed = defined.flatMap((values, at) => {
    const kind = definedAt[at]?.[1] ?? 'agent';
    return values.map(({ coreId, name }) => ({ coreId, name, kind, enrolled: true }));
  });
  const known = new Set(listed.map(({ coreId }) => coreId));
  const gone = revocations
    .filter(({ coreId }) => !known.has(coreId))
    .map(({ coreId, name, kind }) => ({ coreId, name, kind, enrolled: false }));
  return [...listed, ...gone].map((one) => ({
    ...one,
    record: recordOf.get(one.coreId) ?? null,
    revocation: revocationOf.get(one.coreId) ?? null,
  }));
}

/** By name or core ID. Errors: WK_NOT_FOUND, WK_CONFLICT (several have that name). */
export async function findIdentity(
  coordination: Coordination,
  nameOrId: string,
  kind: IdentityKind | undefined,
): Promise<ListedIdentity> {
  const all = await listIdentities(coordination);
  const found = all.filter(
    (one) => (one.name === nameOrId || one.coreId === nameOrId) && (kind === undefined || one.kind === kind),
  );
  // The name of one who was removed may belong to another by now.
  const living = found.filter(({ enrolled }) => enrolled);
  const [first, second] = living.length > 0 ? living : found;
  if (first === undefined)
    throw new WatchError(
      'WK_NOT_FOUND',
      `this pool knows no ${kind ?? 'identity'} ${nameOrId}; see cert list`,
    );
  if (second === undefined) return first;
  const which = found.map((one) => `${one.kind} ${one.coreId}`).join(', ');
  throw new WatchError('WK_CONFLICT', `several are called ${nameOrId}: ${which}; give --kind or the core ID`);
}

/** What does not fit its schema was written by a later version, and is left out. */
async function valuesAt<S extends z.ZodType>(
  coordination: Coordination,
  prefix: string,
  schema: S,
): Promise<z.infer<S>[]> {
  const { items } = await coordination.list(prefix);
  return items.flatMap(({ value }) => {
    const parsed = schema.safeParse(JSON.parse(value));
    return parsed.success ? [parsed.data] : [];
  });
}
