import { z } from 'zod';
import type { RuleProgress } from '../model/entry.ts';
import { isOrigin } from '../model/origin.ts';
import type { Database, Statement } from '../runtime/database.ts';
import { isVoid, type DecisionPlace, type Takeover } from './voiding.ts';

/**
 * Kept, the newest. What a deposed holder wrote that its successor did not know is void, and the one before it counts again; it
 * writes for no longer than a lease, some entries a second.
 */
const keptMax = 256;

type Row = DecisionPlace & { readonly active: number; readonly positions: string };

const positionsSchema = z.record(z.string().refine(isOrigin), z.int().min(0));

/** How far holders of a role say that they have asked the rules; only a new holder reads it, once. In no hash. */
export class ProgressRows {
  readonly #insert: Statement;
  readonly #prune: Statement;
  readonly #rows: Statement;

  constructor(database: Database) {
    this.#insert = database.prepare(
      'INSERT OR IGNORE INTO rule_progress(role, epoch, origin, seq, active, positions) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#prune = database.prepare(
      `DELETE FROM rule_progress WHERE number <= (SELECT max(number) FROM rule_progress) - ${keptMax}`,
    );
    this.#rows = database.prepare(
      `SELECT role, epoch, origin, seq, active, positions FROM rule_progress WHERE role = ? ORDER BY epoch DESC, seq DESC`,
    );
  }

  add({ role, epoch, origin, seq }: DecisionPlace, { active, positions }: RuleProgress): void {
    this.#insert.run(role, epoch, origin, seq, active ? 1 : 0, JSON.stringify(positions));
    this.#prune.run();
  }

  /** What the last holder said that is not void; null where none ever said anything. */
  last(role: string, takeoversAbove: (epoch: number) => readonly Takeover[]): RuleProgress | null {
    const rows = this.#rows.all<Row>(role);
    const last = rows.find((row) => !isVoid(row, takeoversAbove(row.epoch))) ?? rows.at(-1);
    if (!last) return null;
    return { active: last.active === 1, positions: positionsSchema.parse(JSON.parse(last.positions)) };
  }
}
