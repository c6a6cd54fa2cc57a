import type { Coordination } from '../coordination/coordination.ts';
import { keys } from '../model/definitions.ts';
import { WatchError } from '../model/errors.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Credentials } from '../runtime/network.ts';
import type { Random } from '../runtime/random.ts';
import { issueCertificate, type Authority } from './authority.ts';
import { recordOf } from './certificate-record.ts';
import type { ListedIdentity } from './identity-list.ts';
import { makeKeyPair } from './key-pair.ts';

/**
 * A new key and certificate for a person who is defined; the one before stays good until it expires or all are revoked.
 * Errors: WK_DENIED (not a person, or revoked), WK_CONFLICT (it was changed meanwhile).
 */
export async function issueIdentity(
  ports: { readonly coordination: Coordination; readonly clock: Clock; readonly random: Random },
  who: ListedIdentity,
  pool: { readonly id: Uuid; readonly authorityPems: readonly string[]; readonly authority: Authority },
): Promise<Credentials> {
  const { coordination, clock, random } = ports;
  const { kind, coreId, name, revocation, enrolled } = who;
  if (kind !== 'user')
    throw new WatchError('WK_DENIED', `${name} is a ${kind}; it gets its certificate by joining the pool`);
  if (revocation !== null || !enrolled) throw new WatchError('WK_DENIED', `${name} was revoked or removed`);
  const { keyPem, publicKeyPem } = makeKeyPair();
  const identity = { pool: pool.id, kind, coreId };
  const as = { nowMs: clock.wallMs(), serial: random.bytes(16) };
  const key = keys.certificate(coreId);
  const current = await coordination.get(key);
  const authorityPem = pool.authority.certificatePem;
  const record = recordOf({ identity, name, publicKeyPem, authorityPem, as }, who.record);
  const result = await coordination.transact({
    conditions: [
      { key, revision: current?.revision ?? 0 },
      { key: keys.revocation(coreId), revision: 0 },
    ],
    writes: [{ key, value: JSON.stringify(record) }],
  });
  if (!result.done) throw new WatchError('WK_CONFLICT', `${name} was changed in the meantime; try again`);
  const certificatePem = await issueCertificate(pool.authority, { identity, publicKeyPem, name, as }, ports);
  return { keyPem, certificatePem, authorityPems: pool.authorityPems };
}
