import { z } from 'zod';
import type { Coordination, Item, Transaction } from '../../coordination/coordination.ts';
import { transactionBytesMax } from '../../coordination/check-transaction.ts';
import { holderSchema, keys, poolSchema, type Pool } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import type { Databases } from '../../runtime/database.ts';

type Write = Transaction['writes'][number];

const writesPerTransaction = 100;
const bytesPerTransaction = transactionBytesMax / 2;
const lineagesMax = 64;

/** What a server knows of the coordinator by its own copy, sessions left out; empty where it never ran. */
export function knownDefinitions(databases: Databases, path: string): Map<string, string> {
  const database = databases.open(path, { synchronous: 'normal', busyMs: 5_000, readOnly: true });
  try {
    const rows = database
      .prepare('SELECT key, value FROM definitions_mirror')
      .all<{ key: string; value: string }>();
    return new Map(rows.filter(({ key }) => isLasting(key)).map(({ key, value }) => [key, value]));
  } finally {
    database.close();
  }
}

/** Lineages that servers may know: whoever knows one of them follows when the coordinator goes on under a new one. */
export interface Confirmation {
  readonly lineage: string;
  /** What the keeper of this server knew last. */
  readonly known: string | null;
}

/**
 * What the coordinator says now stands, under a new lineage. WK_CONFLICT when it knows no pool, or was changed in the
 * meantime.
 */
export async function confirmAsIs(coordination: Coordination, confirmation: Confirmation): Promise<Pool> {
  const item = await coordination.get(keys.pool);
  if (item === null)
    throw new WatchError(
      'WK_CONFLICT',
      'the coordinator is empty; give --force to write into it what this server knows',
    );
  const before = poolSchema.parse(JSON.parse(item.value));
  return await writePool(coordination, item, before, [before], confirmation);
}

/**
 * Writes what this server knows into the coordinator, whatever stands there, and last the pool under a new lineage, so
 * that nobody follows before all of it is there. Epochs never go back. Errors: WK_NOT_FOUND when this server knows no
 * pool, WK_CONFLICT.
 */
export async function confirmFromKnown(
  coordination: Coordination,
  known: ReadonlyMap<string, string>,
  confirmation: Confirmation,
): Promise<Pool> {
  const text = known.get(keys.pool);
  if (text === undefined)
    throw new WatchError(
      'WK_NOT_FOUND',
      'this server has no copy of what the coordinator knew; use another one',
    );
  const { items } = await coordination.list('');
  const there = new Map(items.map((item) => [item.key, item]));
  for (const writes of chunks(writesFor(known, there)))
    await coordination.transact({ conditions: [], writes });
  const found = there.get(keys.pool) ?? null;
  const ours = poolSchema.parse(JSON.parse(text));
  const theirs = found === null ? null : poolOrNull(found.value);
  return await writePool(coordination, found, ours, theirs === null ? [ours] : [ours, theirs], confirmation);
}

async function writePool(
  coordination: Coordination,
  found: Item | null,
  pool: Pool,
  followed: readonly Pool[],
  { lineage, known }: Confirmation,
): Promise<Pool> {
  const before = [known, ...followed.flatMap((one) => [one.lineage, ...(one.before ?? [])])];
  const unique = [...new Set(before.filter((one) => one !== null))].slice(0, lineagesMax);
  const next: Pool = { ...pool, lineage, before: unique };
  const result = await coordination.transact({
    conditions: [{ key: keys.pool, revision: found?.revision ?? 0 }],
    writes: [{ key: keys.pool, value: JSON.stringify(next) }],
  });
  if (!result.done)
    throw new WatchError('WK_CONFLICT', 'somebody else confirmed at the same time; look again');
  return next;
}

function isLasting(key: string): boolean {
  return [keys.sessions, keys.etcdSigns, keys.probe('')].every((prefix) => !key.startsWith(prefix));
}

function writesFor(known: ReadonlyMap<string, string>, there: ReadonlyMap<string, Item>): Write[] {
  const gone = [...there.keys()].filter((key) => isLasting(key) && !known.has(key) && key !== keys.pool);
  const changed = [...known].filter(([key]) => key !== keys.pool);
  return [
    ...gone.map((key) => ({ key, value: null })),
    ...changed.map(([key, value]) => ({ key, value: withEpoch(key, value, there.get(key)?.value) })),
  ];
}

const epochSchema = z.looseObject({ epoch: z.int() });

function withEpoch(key: string, value: string, there: string | undefined): string {
  if (!key.startsWith(keys.holders) || there === undefined) return value;
  const [ours, theirs] = [
    holderSchema.safeParse(JSON.parse(value)),
    epochSchema.safeParse(JSON.parse(there)),
  ];
  if (!ours.success || !theirs.success) return value;
  return JSON.stringify({ ...ours.data, epoch: Math.max(ours.data.epoch, theirs.data.epoch) });
}

function poolOrNull(value: string): Pool | null {
  const parsed = poolSchema.safeParse(JSON.parse(value));
  return parsed.success ? parsed.data : null;
}

function chunks(writes: readonly Write[]): Write[][] {
  const all: Write[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const write of writes) {
    const size = write.value?.length ?? 0;
    const last = all.at(-1);
    if (last === undefined || last.length >= writesPerTransaction || bytes + size > bytesPerTransaction) {
      all.push([write]);
      bytes = size;
    } else {
      last.push(write);
      bytes += size;
    }
  }
  return all;
}
