import { z } from 'zod';
import { hlcMs } from '../model/hlc.ts';
import type { Operation } from '../model/operation.ts';
import type { Origin } from '../model/origin.ts';
import { shareKinds, type SharedFrom, type SharedTo } from '../model/sharing.ts';
import { uuidText, type Uuid } from '../model/uuid.ts';
import { RowHash } from './state-hash.ts';

/** How what is known of sharing lies in the tables, and what it says to people. */

export const shareBodySchema = z.object({
  id: z.string(),
  pool: z.string(),
  poolName: z.string(),
  server: z.string(),
  share: z.enum(shareKinds),
  acknowledge: z.boolean(),
  because: z.string(),
  refused: z.string().optional(),
});
const pathSchema = z.array(z.string());

export interface ShareRow {
  readonly epoch: number;
  readonly hlc: number;
  readonly void: number;
  readonly body: string;
}

export interface GuestRow {
  readonly pool: Uuid;
  readonly poolName: string;
  readonly path: string;
  readonly share: SharedFrom['share'];
  readonly acknowledge: number;
  readonly because: string;
  readonly hlc: number;
  readonly origin: Origin;
}

export interface Share {
  readonly epoch: number;
  readonly hlc: number;
  readonly isVoid: boolean;
  readonly body: z.output<typeof shareBodySchema>;
}

export interface SettledRow {
  readonly pool: Uuid;
  readonly item: Uint8Array;
  readonly refused: string | null;
  readonly hlc: number;
  readonly origin: Origin;
}

/** What whoever has a shared message may do with it. */
export function mayOperate(
  { share, acknowledge }: Pick<SharedFrom, 'share' | 'acknowledge'>,
  kind: Operation['kind'],
): boolean {
  return share === 'control' || (acknowledge && (kind === 'acknowledge' || kind === 'unacknowledge'));
}

export function fromOfRow({ pool, poolName, path, share, acknowledge, because }: GuestRow): SharedFrom {
  return {
    pool,
    poolName,
    path: pathSchema.parse(JSON.parse(path)),
    share,
    acknowledge: acknowledge === 1,
    because,
  };
}

export function sharedTo({ epoch, hlc, isVoid, body }: Share, settled: readonly SettledRow[]): SharedTo {
  const { pool, poolName, server, share, acknowledge, because, refused = null } = body;
  const done = settled.find((row) => row.pool === pool && row.item.length === 0);
  const text = refused ?? done?.refused ?? null;
  const state = text === null ? (done ? 'sent' : 'waiting') : 'refused';
  return {
    pool,
    poolName,
    server,
    share,
    acknowledge,
    because,
    atMs: hlcMs(hlc),
    epoch,
    void: isVoid,
    state,
    text,
  };
}

export function isBefore(
  a: { readonly hlc: number; readonly origin: Origin },
  b: { readonly hlc: number; readonly origin: Origin },
): boolean {
  return a.hlc < b.hlc || (a.hlc === b.hlc && a.origin < b.origin);
}

export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

const hash = new RowHash();

export function guestHash(message: Uuid, { pool, path, share, acknowledge, hlc, origin }: GuestRow): number {
  hash.start().text('guest').text(message).text(pool).text(path).text(share).number(acknowledge);
  return hash.number(hlc).text(origin).end();
}

export function settledHash(message: Uuid, { pool, item, refused, hlc, origin }: SettledRow): number {
  hash
    .start()
    .text('settled')
    .text(message)
    .text(pool)
    .text(item.length === 0 ? null : uuidText(item));
  return hash.text(refused).number(hlc).text(origin).end();
}
