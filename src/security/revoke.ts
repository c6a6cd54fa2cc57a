import type { Coordination } from '../coordination/coordination.ts';
import { keys } from '../model/definitions.ts';
import { WatchError } from '../model/errors.ts';
import type { Identity } from '../model/identity.ts';
import { certificateRecordSchema, revocationSchema, type Revocation } from '../model/trust.ts';
import type { Clock } from '../runtime/clock.ts';
import { renewableAfterMs, validityOf } from './lifetimes.ts';

interface Ports {
  readonly coordination: Coordination;
  readonly clock: Clock;
}

const attemptsMax = 5;

/**
 * Says that an identity counts nowhere any more. In force on each server as soon as its mirror hears of it. Revoking twice
 * changes nothing. Errors: WK_COORDINATOR_AWAY, WK_CONFLICT.
 */
export async function revoke(
  { coordination, clock }: Ports,
  whom: {
    readonly identity: Pick<Identity, 'kind' | 'coreId'>;
    readonly name: string;
    readonly by: string;
    readonly because: string;
  },
): Promise<Revocation> {
  const { identity, name, by, because } = whom;
  const { kind, coreId } = identity;
  const key = keys.revocation(coreId);
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const [known, recorded] = await Promise.all([
      coordination.get(key),
      coordination.get(keys.certificate(coreId)),
    ]);
    if (known !== null) return revocationSchema.parse(JSON.parse(known.value));
    const record = recorded === null ? null : certificateRecordSchema.parse(JSON.parse(recorded.value));
    const nowMs = clock.wallMs();
    const lastMs = Math.max(record?.notAfterMs ?? 0, validityOf(kind, nowMs).notAfterMs);
    const value: Revocation = {
      coreId,
      kind,
      name,
      atMs: nowMs,
      by,
      because,
      forgetMs: lastMs + renewableAfterMs,
    };
    // A renewal that is under way names the same record, so that one of the two is done first.
    const result = await coordination.transact({
      conditions: [
        { key, revision: 0 },
        { key: keys.certificate(coreId), revision: recorded?.revision ?? 0 },
      ],
      writes: [{ key, value: JSON.stringify(value) }],
    });
    if (result.done) return value;
  }
  throw new WatchError('WK_CONFLICT', `${name} changes all the time; try again`);
}
