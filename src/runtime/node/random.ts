import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from '../random.ts';

export const nodeRandom: Random = {
  bytes: (count) => randomBytes(count),
  int: (maxExclusive) => randomInt(maxExclusive),
};
