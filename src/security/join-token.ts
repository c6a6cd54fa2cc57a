import { hash } from 'node:crypto';
import type { Coordination, Item } from '../coordination/coordination.ts';
import { joinTokenSchema, keys, type JoinToken } from '../model/definitions.ts';
import { WatchError } from '../model/errors.ts';
import { uuidBytes, uuidText, type Uuid } from '../model/uuid.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';

const prefix = 'wkt1';
const secretBytes = 20;
const fingerprintBytes = 32;

/** What a token says by itself; only the secret is a secret. */
export interface JoinTokenParts {
  readonly pool: Uuid;
  /** SHA-256 of the authority's certificate, lower-case hex: a newcomer trusts the server that shows it. */
  readonly authorityFingerprint: string;
  /** Base64url. */
  readonly secret: string;
}

/** `wkt1.POOL.FINGERPRINT.SECRET`, each part base64url: one printable word of 99 characters. */
export function printJoinToken({ pool, authorityFingerprint, secret }: JoinTokenParts): string {
  const poolText = Buffer.from(uuidBytes(pool)).toString('base64url');
  const fingerprintText = Buffer.from(authorityFingerprint, 'hex').toString('base64url');
  return [prefix, poolText, fingerprintText, secret].join('.');
}

/** Throws WK_BAD_REQUEST that says what is wrong with the text; the text itself is never repeated. */
export function parseJoinToken(token: string): JoinTokenParts {
  const parts = token.trim().split('.');
  if (parts[0] !== prefix) throw badToken(`it must begin with ${prefix}.`);
  if (parts.length !== 4) throw badToken(`it must have 4 parts between dots, it has ${parts.length}`);
  const [, poolText = '', fingerprintText = '', secret = ''] = parts;
  const pool = decode(poolText, 16, 'second');
  const fingerprint = decode(fingerprintText, fingerprintBytes, 'third');
  decode(secret, secretBytes, 'fourth');
  return { pool: uuidText(pool), authorityFingerprint: fingerprint.toString('hex'), secret };
}

function decode(text: string, bytes: number, which: string): Buffer {
  const decoded = Buffer.from(text, 'base64url');
  if (decoded.length !== bytes || decoded.toString('base64url') !== text)
    throw badToken(`its ${which} part is cut short or changed`);
  // A copy at offset 0 of its own memory, as `uuidText` wants it.
  return Buffer.from(Uint8Array.from(decoded).buffer);
}

function badToken(what: string): WatchError {
  return new WatchError('WK_BAD_REQUEST', `this is no join token: ${what}; copy it whole`);
}

/** What the coordinator knows a token by. */
export function joinTokenKey({ secret }: JoinTokenParts): string {
  return keys.joinToken(hash('sha256', secret));
}

export interface NewJoinToken {
  readonly pool: Uuid;
  readonly authorityFingerprint: string;
  readonly for: JoinToken['for'];
  /** The only name that may join with it; null: any. */
  readonly name: string | null;
  readonly validMs: number;
}

/** Makes a token, stores its hash, and returns its text, which nobody can be shown again. */
export async function createJoinToken(
  { coordination, clock, random }: { coordination: Coordination; clock: Clock; random: Random },
  { pool, authorityFingerprint, validMs, ...rest }: NewJoinToken,
): Promise<string> {
  const secret = Buffer.from(random.bytes(secretBytes)).toString('base64url');
  const parts: JoinTokenParts = { pool, authorityFingerprint, secret };
  const createdMs = clock.wallMs();
  const token: JoinToken = {
    ...rest,
    createdMs,
    expiresMs: createdMs + validMs,
    usedMs: null,
    usedBy: null,
    usedKey: null,
  };
  const key = joinTokenKey(parts);
  const result = await coordination.transact({
    conditions: [{ key, revision: 0 }],
    writes: [{ key, value: JSON.stringify(token) }],
  });
  if (!result.done) throw new WatchError('WK_CONFLICT', 'a token with the same secret exists; try again');
  return printJoinToken(parts);
}

export interface JoinAttempt {
  readonly kind: JoinToken['for'];
  readonly name: string;
  readonly coreId: Uuid;
  /** SHA-256 of the public key as it was sent. */
  readonly publicKeySha256: string;
}

export interface UsedToken {
  readonly token: JoinToken;
  /** This very attempt has used it before. */
  readonly isRepeat: boolean;
}

/**
 * The token as it will stand once this attempt has used it, or one of the errors WK_TOKEN_UNKNOWN, WK_TOKEN_USED,
 * WK_TOKEN_EXPIRED, WK_DENIED (another kind or name). Pure: the caller writes it on the item's revision. The one who
 * used it may use it again with the same key until it expires, since the first answer may have been lost.
 */
export function useJoinToken(item: Item | null, attempt: JoinAttempt, nowMs: number): UsedToken {
  if (!item) throw new WatchError('WK_TOKEN_UNKNOWN', 'this pool does not know the token; make a new one');
  const token = joinTokenSchema.parse(JSON.parse(item.value));
  const again = token.usedBy === attempt.coreId && token.usedKey === attempt.publicKeySha256;
  if (token.usedMs !== null && !again)
    throw new WatchError('WK_TOKEN_USED', 'the token was used already; each joins with a token of its own');
  if (nowMs >= token.expiresMs)
    throw new WatchError(
      'WK_TOKEN_EXPIRED',
      `the token was valid until ${new Date(token.expiresMs).toISOString()}; make a new one`,
    );
  if (token.for !== attempt.kind)
    throw new WatchError(
      'WK_DENIED',
      `the token is for ${article(token.for)}, not for ${article(attempt.kind)}`,
    );
  if (token.name !== null && token.name !== attempt.name)
    throw new WatchError('WK_DENIED', `the token is for the name ${token.name}, not for ${attempt.name}`);
  const usedBy = {
    usedMs: token.usedMs ?? nowMs,
    usedBy: attempt.coreId,
    usedKey: attempt.publicKeySha256,
  };
  return { token: { ...token, ...usedBy }, isRepeat: again };
}

function article(kind: JoinToken['for']): string {
  return kind === 'agent' ? 'an agent' : `a ${kind}`;
}
