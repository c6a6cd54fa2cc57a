import { z } from 'zod';
import type { EntryStamp } from '../journal/applier.ts';
import { roleReasons, type RoleReason } from '../model/definitions.ts';
import type { EntryBody } from '../model/entry.ts';
import { hlcMs } from '../model/hlc.ts';
import { coreIdOfOrigin, isOrigin, type Positions } from '../model/origin.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Database, Statement } from '../runtime/database.ts';

/** One change of hands. What an older version did not tell is null. */
export interface RoleChange {
  readonly role: string;
  readonly epoch: number;
  readonly holder: Uuid;
  /** When the new holder wrote it down; null for what was stored before there was a history. */
  readonly atMs: number | null;
  readonly because: RoleReason | null;
  readonly from: Uuid | null;
  readonly fromEpoch: number | null;
  readonly unheldMs: number | null;
  /** What the new holder had of each journal. */
  readonly positions: Positions;
}

interface Row {
  readonly role: string;
  readonly epoch: number;
  readonly origin: string;
  readonly positions: string;
  readonly hlc: number | null;
  readonly because: string | null;
  readonly previous: string | null;
  readonly previousEpoch: number | null;
  readonly unheldMs: number | null;
}

const positionsSchema = z.record(z.string().refine(isOrigin), z.int());
const becauseSchema = z.enum(roleReasons).nullable();

/** Who held a role when and why: read from the takeovers that the holders themselves wrote into their journals. */
export class RoleHistory {
  readonly #insert: Statement;
  readonly #list: Statement;

  constructor(database: Database) {
    this.#insert = database.prepare('INSERT OR IGNORE INTO role_changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#list = database.prepare(
      `SELECT t.role, t.epoch, t.origin, t.positions, c.hlc, c.because, c.previous,
         c.previous_epoch AS previousEpoch, c.unheld_ms AS unheldMs
       FROM takeovers t LEFT JOIN role_changes c USING (role, epoch, origin, seq)
       WHERE t.role = ? AND t.epoch < ? ORDER BY t.epoch DESC, t.origin, t.seq LIMIT ?`,
    );
  }

  apply({ role, epoch, handover }: EntryBody<'takeover'>, { origin, seq, hlc }: EntryStamp): void {
    const { because = null, from = null, fromEpoch = null, unheldMs = null } = handover ?? {};
    this.#insert.run(role, epoch, origin, seq, hlc, because, from, fromEpoch, unheldMs);
  }

  /** The newest first, those below `belowEpoch` only. */
  list(role: string, limit: number, belowEpoch = Number.MAX_SAFE_INTEGER): RoleChange[] {
    return this.#list.all<Row>(role, belowEpoch, limit).map((row) => ({
      role: row.role,
      epoch: row.epoch,
      holder: coreIdOfOrigin(row.origin),
      atMs: row.hlc === null ? null : hlcMs(row.hlc),
      because: becauseSchema.parse(row.because),
      from: row.previous,
      fromEpoch: row.previousEpoch,
      unheldMs: row.unheldMs,
      positions: positionsSchema.parse(JSON.parse(row.positions)),
    }));
  }
}
