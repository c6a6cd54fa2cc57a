import type { Coordination } from '../coordination/coordination.ts';
import { keys } from '../model/definitions.ts';
import { WatchError } from '../model/errors.ts';
import type { Identity, IdentityKind } from '../model/identity.ts';
import {
  certificateRecordSchema,
  revocationSchema,
  type CertificateRecord,
  type RenewAnswer,
  type RenewRequest,
} from '../model/trust.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { whyRevoked } from './admission.ts';
import { issueCertificate, type Authority } from './authority.ts';
import { certificateInfo, issuerOf, keySha256, type CertificateInfo } from './certificate-info.ts';
import { recordOf } from './certificate-record.ts';
import { serialFor } from './etcd-revoked.ts';
import { renewableAfterMs } from './lifetimes.ts';
import { verifyRenewal } from './proof.ts';
import { revoke } from './revoke.ts';

const attemptsMax = 5;

/** Where an identity of a kind is enrolled: it counts only while its definition is there. */
const enrolledAt: Partial<Record<IdentityKind, (coreId: Uuid) => string>> = {
  agent: keys.node,
  server: keys.server,
  user: keys.user,
  witness: keys.witness,
};

export interface RenewalOptions {
  readonly coordination: Coordination;
  readonly clock: Clock;
  readonly random: Random;
  readonly authority: Authority;
  readonly pool: Uuid;
  /** Whose certificates of this pool may be renewed, and whom to believe from now on. */
  readonly authorityPems: readonly string[];
  /** Who renews, for the record. */
  readonly by: string;
  /** A server renews itself: it has the authority's key, and may have been put back to an old state. */
  readonly isOwn?: boolean;
}

interface Asked {
  readonly identity: Identity;
  readonly info: CertificateInfo;
  readonly newKeySha256: string;
}

/**
 * A new certificate for who has one, expired or not. Errors: WK_BAD_REQUEST, WK_UNAUTHENTICATED (not ours, or not theirs),
 * WK_DENIED (expired too long ago, or not enrolled any more), WK_REVOKED, WK_COORDINATOR_AWAY. An agent that asks with a key
 * which it has replaced already is revoked: a second holder has its key, or its machine was put back to an old state.
 */
export async function renew(request: RenewRequest, options: RenewalOptions): Promise<RenewAnswer> {
  const asked = checkRequest(request, options);
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const answer = await tryRenew(request, asked, options);
    if (answer !== null) return answer;
  }
  throw new WatchError('WK_CONFLICT', 'it was renewed elsewhere at the same time; try again');
}

/** What can be told from the request alone. */
function checkRequest(request: RenewRequest, { pool, authorityPems, clock }: RenewalOptions): Asked {
  const info = readCertificate(request.certificatePem);
  const { identity } = info;
  if (identity?.pool !== pool || issuerOf(request.certificatePem, authorityPems) === null)
    throw new WatchError('WK_UNAUTHENTICATED', 'the certificate is not one of this pool');
  verifyRenewal(request);
  const untilMs = info.notAfterMs + renewableAfterMs;
  if (clock.wallMs() > untilMs)
    throw new WatchError(
      'WK_DENIED',
      `the certificate expired at ${isoOf(info.notAfterMs)} and could be renewed until ${isoOf(untilMs)}; join anew`,
    );
  return { identity, info, newKeySha256: keySha256(request.publicKeyPem) };
}

function readCertificate(pem: string): CertificateInfo {
  try {
    return certificateInfo(pem);
  } catch (error) {
    throw new WatchError('WK_BAD_REQUEST', 'the certificate cannot be read', { cause: error });
  }
}

/** Null when something was written meanwhile; everything is read and judged anew then. */
async function tryRenew(
  request: RenewRequest,
  asked: Asked,
  options: RenewalOptions,
): Promise<RenewAnswer | null> {
  const { coordination, clock, random, authority } = options;
  const { identity, info } = asked;
  const { coreId } = identity;
  const [definition, revoked, recorded] = await Promise.all([
    definitionOf(coordination, identity),
    coordination.get(keys.revocation(coreId)),
    coordination.get(keys.certificate(coreId)),
  ]);
  const revocation = revoked === null ? null : revocationSchema.parse(JSON.parse(revoked.value));
  const refused = whyRevoked(identity, { revocation: () => revocation, record: () => null });
  if (refused !== null) throw refused;
  if (definition === null)
    throw new WatchError(
      'WK_DENIED',
      `this ${identity.kind} is not enrolled in this pool (any more); join anew`,
    );
  const record = recorded === null ? null : certificateRecordSchema.parse(JSON.parse(recorded.value));
  if (record !== null) await checkKey(asked, record, options);
  const { publicKeyPem } = request;
  const as = { nowMs: clock.wallMs(), serial: serialFor(identity, random) };
  const name = info.commonName ?? coreId;
  // A witness keeps its key, which etcd reads beside the certificate; that is no repetition.
  const isRepeat = record?.keySha256 === asked.newKeySha256 && asked.info.keySha256 !== asked.newKeySha256;
  const next = recordOf(
    { identity, name, publicKeyPem, authorityPem: authority.certificatePem, as },
    record ?? firstRecord(asked, name),
  );
  // Who asks again with the key that was taken already keeps the certificate before that one.
  const value = isRepeat ? { ...next, previous: record.previous, renewals: record.renewals } : next;
  const result = await coordination.transact({
    conditions: [
      { key: definition.key, revision: definition.revision },
      { key: keys.revocation(coreId), revision: 0 },
      { key: keys.certificate(coreId), revision: recorded?.revision ?? 0 },
    ],
    writes: [{ key: keys.certificate(coreId), value: JSON.stringify(value) }],
  });
  if (!result.done) return null;
  const certificatePem = await issueCertificate(
    authority,
    { identity, publicKeyPem, name, hosts: info.hosts, as },
    options,
  );
  return { certificatePem, authorityPems: [...options.authorityPems] };
}

function definitionOf(coordination: Coordination, { kind, coreId }: Identity) {
  const keyOf = enrolledAt[kind];
  return keyOf === undefined ? Promise.resolve(null) : coordination.get(keyOf(coreId));
}

/** Enrolled before certificates were remembered: the one that is shown is the one that it has. */
function firstRecord({ info, identity }: Asked, name: string): CertificateRecord {
  const { keySha256: key, notBeforeMs, notAfterMs } = info;
  const { coreId, kind } = identity;
  const unknown = { serial: '', authority: '0'.repeat(64), renewals: 0, previous: null };
  return { coreId, kind, name, keySha256: key, issuedMs: notBeforeMs, notAfterMs, ...unknown };
}

/** The present key may renew, and the one before it only for the very key that it was exchanged for. */
async function checkKey(
  { identity, info, newKeySha256 }: Asked,
  record: CertificateRecord,
  options: RenewalOptions,
): Promise<void> {
  if (record.keySha256 === info.keySha256) return;
  if (record.keySha256 === newKeySha256 && record.previous?.keySha256 === info.keySha256) return;
  const { coordination, clock, by, isOwn } = options;
  if (isOwn === true) return;
  if (identity.kind === 'user')
    throw new WatchError(
      'WK_DENIED',
      `${record.name} was renewed at ${isoOf(record.issuedMs)} from another copy of this identity; use that one`,
    );
  const because = `its key was exchanged at ${isoOf(record.issuedMs)} and used again: somebody else has it, or the machine was put back to an old state`;
  await revoke({ coordination, clock }, { identity, name: record.name, by, because });
  throw new WatchError('WK_REVOKED', `${record.name} is revoked: ${because}; join anew`);
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
