import type { Coordination } from '../coordination/coordination.ts';
import { keys } from '../model/definitions.ts';
import { codeOf, WatchError } from '../model/errors.ts';
import type { Random } from '../runtime/random.ts';
import { absoluteMs, sessionKeysSchema, type SessionKey } from './session-token.ts';

/** A key signs for this long, and is believed until the last session that it signed is over. */
const signsMs = 7 * 86_400_000;
const keysMax = 4;

export function newSessionKey(random: Random, nowMs: number): SessionKey {
  return {
    id: Buffer.from(random.bytes(4)).toString('hex'),
    secret: Buffer.from(random.bytes(32)).toString('base64url'),
    createdMs: nowMs,
  };
}

/**
 * The key to sign with. Where there is none yet, or the newest is old, a new one is written; while the coordinator is
 * away an old one goes on signing. Errors: WK_COORDINATOR_AWAY where there is none at all.
 */
export async function keyToSignWith(
  ports: { readonly coordination: Coordination; readonly random: Random },
  known: readonly SessionKey[],
  nowMs: number,
): Promise<SessionKey> {
  const [newest] = known;
  if (newest !== undefined && nowMs - newest.createdMs < signsMs) return newest;
  try {
    return await renew(ports, nowMs);
  } catch (error) {
    if (newest === undefined || codeOf(error) === 'WK_INTERNAL') throw error;
    return newest;
  }
}

async function renew(
  { coordination, random }: { readonly coordination: Coordination; readonly random: Random },
  nowMs: number,
): Promise<SessionKey> {
  const item = await coordination.get(keys.sessionKeys);
  const stored = item === null ? [] : sessionKeysSchema.parse(JSON.parse(item.value)).keys;
  const [newest] = stored;
  // Another server was faster.
  if (newest !== undefined && nowMs - newest.createdMs < signsMs) return newest;
  const key = newSessionKey(random, nowMs);
  const kept = stored.filter(({ createdMs }) => nowMs - createdMs < signsMs + absoluteMs * 2);
  const { done } = await coordination.transact({
    conditions: [{ key: keys.sessionKeys, revision: item?.revision ?? 0 }],
    writes: [{ key: keys.sessionKeys, value: JSON.stringify({ keys: [key, ...kept].slice(0, keysMax) }) }],
  });
  if (!done) throw new WatchError('WK_CONFLICT', 'the keys of sessions are being changed; try again');
  return key;
}

/**
 * One new key in the place of all: every session of everybody ends within seconds, and none can be made with what somebody
 * read on a server's disk. Errors: WK_COORDINATOR_AWAY.
 */
export async function replaceSessionKeys(
  { coordination, random }: { readonly coordination: Coordination; readonly random: Random },
  nowMs: number,
): Promise<void> {
  const key = newSessionKey(random, nowMs);
  const writes = [{ key: keys.sessionKeys, value: JSON.stringify({ keys: [key] }) }];
  await coordination.transact({ conditions: [], writes });
}
