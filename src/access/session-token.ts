import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** A session is over when nobody used it for this long, and after this long in any case. */
export const idleMs = 30 * 60_000;
export const absoluteMs = 12 * 3_600_000;
/** Clocks of servers differ; a session may be that much younger than now. */
const skewMs = 60_000;

export const sessionKeySchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{8}$/),
  /** 32 bytes, base64url. */
  secret: z.string().length(43),
  createdMs: z.int().min(0),
});
export type SessionKey = Readonly<z.infer<typeof sessionKeySchema>>;
/** The newest first. */
export const sessionKeysSchema = z.strictObject({ keys: z.array(sessionKeySchema).min(1).max(8) });

const claimsSchema = z.strictObject({
  session: z.string().min(16).max(64),
  user: z.uuid(),
  /** Of the user when it signed in. */
  generation: z.int().min(0),
  createdMs: z.int().min(0),
  idleUntilMs: z.int().min(0),
  expiresMs: z.int().min(0),
});
export type SessionClaims = Readonly<z.infer<typeof claimsSchema>>;

const pattern = /^wks1\.([0-9a-f]{8})\.([A-Za-z0-9_-]{1,512})\.([A-Za-z0-9_-]{43})$/;

/**
 * The text that a signed-in user carries. Every server can read it, with the key that the coordinator holds and every
 * server mirrors, so it outlives the server that made it and the coordinator's absence.
 */
export function sealSession(claims: SessionClaims, key: SessionKey): string {
  const body = `${key.id}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `wks1.${body}.${signature(body, key).toString('base64url')}`;
}

/** Null for what was not sealed with one of these keys, or is over. `mayIdle`: for what is being used all the time. */
export function openSession(
  text: string,
  keys: readonly SessionKey[],
  nowMs: number,
  mayIdle = false,
): SessionClaims | null {
  const [, keyId = '', payload = '', sealed = ''] = pattern.exec(text) ?? [];
  const key = keys.find(({ id }) => id === keyId);
  if (key === undefined) return null;
  if (!timingSafeEqual(signature(`${keyId}.${payload}`, key), Buffer.from(sealed, 'base64url'))) return null;
  const claims = claimsSchema.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
  const isCurrent = claims.createdMs <= nowMs + skewMs && nowMs < claims.expiresMs;
  return isCurrent && (mayIdle || nowMs < claims.idleUntilMs) ? claims : null;
}

export function isSessionText(text: string): boolean {
  return text.startsWith('wks1.');
}

function signature(body: string, key: SessionKey): Buffer {
  return createHmac('sha256', Buffer.from(key.secret, 'base64url')).update(`session ${body}`).digest();
}
