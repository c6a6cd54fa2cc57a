import { hash } from 'node:crypto';
import type { Coordination } from '../coordination/coordination.ts';
import { apiTokenSchema, keys, type ApiToken } from '../model/definitions.ts';
import { WatchError } from '../model/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';

const prefix = 'wka1.';
const secretBytes = 32;

/** Printable; 48 characters. */
const pattern = /^wka1\.[A-Za-z0-9_-]{43}$/;

export interface ListedApiToken extends ApiToken {
  /** The first 12 hex digits of the token's hash: enough to name it, useless to guess it. */
  readonly id: string;
}

/** Makes a bearer token for scripts and returns its text, which nobody can be shown again. Names are unique. */
export async function createApiToken(
  ports: { coordination: Coordination; clock: Clock; random: Random },
  {
    name,
    validMs,
    roles,
  }: { readonly name: string; readonly validMs: number | null; readonly roles: readonly string[] },
): Promise<string> {
  const { coordination, clock, random } = ports;
  const existing = await listApiTokens(coordination);
  if (existing.some((token) => token.name === name))
    throw new WatchError(
      'WK_CONFLICT',
      `an API token ${name} exists already; revoke it or choose another name`,
    );
  const text = prefix + Buffer.from(random.bytes(secretBytes)).toString('base64url');
  const createdMs = clock.wallMs();
  const expiresMs = validMs === null ? null : createdMs + validMs;
  const value: ApiToken = { name, createdMs, expiresMs, roles: [...roles] };
  const key = keyOf(text);
  const result = await coordination.transact({
    conditions: [{ key, revision: 0 }],
    writes: [{ key, value: JSON.stringify(value) }],
  });
  if (!result.done) throw new WatchError('WK_CONFLICT', 'the same token exists; try again');
  return text;
}

/** Oldest first. */
export async function listApiTokens(coordination: Coordination): Promise<ListedApiToken[]> {
  const { items } = await coordination.list(keys.apiTokens);
  return items
    .map((item) => ({ ...parse(item.value), id: item.key.slice(keys.apiTokens.length).slice(0, 12) }))
    .toSorted((a, b) => a.createdMs - b.createdMs);
}

/** By name or ID. Throws WK_NOT_FOUND. Takes effect on every server as soon as its mirror hears of it. */
export async function revokeApiToken(coordination: Coordination, nameOrId: string): Promise<void> {
  const { items } = await coordination.list(keys.apiTokens);
  const found = items.filter(
    (item) =>
      parse(item.value).name === nameOrId ||
      item.key.startsWith(`${keys.apiTokens}${nameOrId.padEnd(12, '-')}`),
  );
  if (found.length === 0) throw new WatchError('WK_NOT_FOUND', `there is no API token ${nameOrId}`);
  const result = await coordination.transact({
    conditions: found.map(({ key, revision }) => ({ key, revision })),
    writes: found.map(({ key }) => ({ key, value: null })),
  });
  if (!result.done)
    throw new WatchError('WK_CONFLICT', `the API token ${nameOrId} was changed meanwhile; try again`);
}

/**
 * The token's record, or null. `lookup` reads a mirror of the coordinator by key. Only hashes are compared, and
 * those by looking them up, so the time taken tells nothing about a token.
 */
export function verifyApiToken(
  token: string,
  lookup: (key: string) => string | null | undefined,
  nowMs: number,
): ApiToken | null {
  if (!pattern.test(token)) return null;
  const value = lookup(keyOf(token));
  if (value === null || value === undefined) return null;
  const found = parse(value);
  return found.expiresMs !== null && nowMs >= found.expiresMs ? null : found;
}

function keyOf(token: string): string {
  return keys.apiToken(hash('sha256', token));
}

function parse(value: string): ApiToken {
  return apiTokenSchema.parse(JSON.parse(value));
}
