import type { Coordination } from '../coordination/coordination.ts';
import { etcdSignSchema, keys, type EtcdSign } from '../model/definitions.ts';
import { WatchError } from '../model/errors.ts';
import { parseJson } from '../model/parse-json.ts';
import type { ListedIdentity } from './identity-list.ts';

/**
 * Of a pool that runs its own etcd: a step that only a minority of the voters is ready for would leave the pool without a
 * coordinator, and nobody could take it back. No force overlooks that. Errors: WK_CONFLICT.
 */
export async function mustKeepEtcd(
  coordination: Coordination,
  identities: readonly ListedIdentity[],
  isReady: (sign: EtcdSign) => boolean,
): Promise<void> {
  const { items } = await coordination.list(keys.etcdSigns);
  const signs = new Map(
    items.map(({ key, value }) => [
      key.slice(keys.etcdSigns.length),
      etcdSignSchema.safeParse(parseJson(value)).data,
    ]),
  );
  const voters = identities.filter(
    ({ coreId, enrolled, revocation }) =>
      enrolled && revocation === null && signs.get(coreId)?.state === 'voter',
  );
  const behind = voters.filter(({ coreId }) => {
    const sign = signs.get(coreId);
    return sign === undefined || !isReady(sign);
  });
  if (voters.length === 0 || behind.length * 2 < voters.length) return;
  const names = behind.map(({ name }) => name).join(', ');
  throw new WatchError(
    'WK_CONFLICT',
    `the pool's own etcd would have no majority: of its ${voters.length} voters ${names} have not got as far (trust list), and start anew only while the others have a majority; bring back who is off, or server remove who is lost for good, and wait`,
  );
}
