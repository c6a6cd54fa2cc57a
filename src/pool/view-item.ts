import type { z } from 'zod';
import type { Deleted, Item } from '../coordination/coordination.ts';
import { holderSchema, keys, poolSchema, roleDefinitionSchema, sessionSchema } from '../model/definitions.ts';
import { unreachable } from '../model/invariant.ts';
import type { ViewItem } from './lease/lease-state.ts';

/** The keys that a keeper watches, each with the kind of what is under it. */
export const watchedPrefixes = {
  pool: keys.pool,
  session: keys.sessions,
  holder: keys.holders,
  role: keys.roles,
  server: keys.servers,
} as const satisfies Record<ViewItem['kind'], string>;

/** Null for a value that is not what its key promises; the caller says so and goes on with what it knew. */
export function viewItem(item: Item | Deleted, asOf: number): ViewItem | null {
  const { key, value } = item;
  const base = { revision: value === null ? 0 : item.revision, asOf };
  const kind = kindOf(key);
  if (kind === null) return null;
  const name = key.slice(watchedPrefixes[kind].length);
  switch (kind) {
    case 'session': {
      const session = read(sessionSchema, value);
      return session === undefined ? null : { ...base, kind, coreId: name, session };
    }
    case 'holder': {
      const holder = read(holderSchema, value);
      return holder === undefined ? null : { ...base, kind, role: name, holder };
    }
    case 'role': {
      const definition = read(roleDefinitionSchema, value);
      return definition === undefined ? null : { ...base, kind, role: name, definition };
    }
    case 'server':
      return { ...base, kind, coreId: name };
    case 'pool': {
      const pool = read(poolSchema, value);
      return pool === undefined ? null : { ...base, kind, pool };
    }
    default:
      return unreachable(kind);
  }
}

function kindOf(key: string): ViewItem['kind'] | null {
  if (key.startsWith(watchedPrefixes.session)) return 'session';
  if (key.startsWith(watchedPrefixes.holder)) return 'holder';
  if (key.startsWith(watchedPrefixes.role)) return 'role';
  if (key === watchedPrefixes.pool) return 'pool';
  return key.startsWith(watchedPrefixes.server) ? 'server' : null;
}

/** Null for a deleted key, undefined for what cannot be read. */
function read<T>(schema: z.ZodType<T>, value: string | null): T | null | undefined {
  if (value === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const parsed = schema.safeParse(json);
  return parsed.success ? parsed.data : undefined;
}
