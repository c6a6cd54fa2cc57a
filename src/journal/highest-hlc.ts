import { hlcAheadMsMax, type Hlc } from '../model/hlc.ts';
import { coreIdOfOrigin } from '../model/origin.ts';
import type { Uuid } from '../model/uuid.ts';
import type { OriginHead } from './origin-heads.ts';

/**
 * The stamp that this server's clock starts above. Stamps far ahead of our wall were made by a clock gone wrong elsewhere
 * and do not pull ours along.
 */
export function highestHlc(heads: Iterable<OriginHead>, own: Uuid, wallMs: number): Hlc {
  const aheadMax = (wallMs + hlcAheadMsMax) * 1_000;
  let highest = 0;
  for (const { origin, hlc } of heads)
    if (coreIdOfOrigin(origin) === own || hlc <= aheadMax) highest = Math.max(highest, hlc);
  return highest;
}
