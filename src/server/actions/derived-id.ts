import { hash } from 'node:crypto';
import { uuidBytes, uuidV7, uuidV7Ms, type Uuid } from '../../model/uuid.ts';

/** A UUIDv7 of the same time as another: the same two give the same one, so that what is repeated is not done twice. */
export function derivedId(from: Uuid, what: string): Uuid {
  const digest = hash('sha256', `${from} ${what}`).slice(0, 32);
  return uuidV7(uuidV7Ms(from), uuidBytes(digest).subarray(0, 10));
}
