import { z } from 'zod';
import type { MessageCounts } from '../model/api.ts';
import type { MessageState } from '../model/operation.ts';
import { severities } from '../model/severity.ts';
import type { Database, Statement } from '../runtime/database.ts';
import { bySeverity } from './place-counts.ts';
import { addToHash, takeFromHash } from './state-hash.ts';

const numbers = z.array(z.int().min(0)).length(severities.length);
const schema = z.object({
  hash: z.int().min(0),
  /** Marks whose message is not here. */
  waiting: z.int().min(0),
  /** Row of the next message. */
  rowNext: z.int().min(1),
  open: numbers,
  acknowledged: numbers,
});

const zeros = severities.map(() => 0);

/** Sums over the derived rows, kept as they change: counting a million rows takes too long. */
export class Totals {
  readonly #read: Statement;
  readonly #write: Statement;
  #values: z.infer<typeof schema>;
  #changed = false;

  constructor(database: Database) {
    this.#read = database.prepare("SELECT value FROM totals WHERE name = 'messages'");
    this.#write = database.prepare(
      `INSERT INTO totals(name, value) VALUES ('messages', ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value`,
    );
    this.#values = this.#load();
  }

  get hash(): number {
    return this.#values.hash;
  }

  get waiting(): number {
    return this.#values.waiting;
  }

  get rowNext(): number {
    return this.#values.rowNext;
  }

  counts(): MessageCounts {
    const { open, acknowledged } = this.#values;
    const total = [...open, ...acknowledged].reduce((sum, count) => sum + count, 0);
    return { total, open: bySeverity(open), acknowledged: bySeverity(acknowledged) };
  }

  addHash(row: number): void {
    this.#values.hash = addToHash(this.#values.hash, row);
    this.#changed = true;
  }

  takeHash(row: number): void {
    this.#values.hash = takeFromHash(this.#values.hash, row);
    this.#changed = true;
  }

  count(state: MessageState, rank: number, by: 1 | -1): void {
    const counts = this.#values[state];
    counts[rank] = (counts[rank] ?? 0) + by;
    this.#changed = true;
  }

  countWaiting(by: 1 | -1): void {
    this.#values.waiting += by;
    this.#changed = true;
  }

  takeRow(): number {
    this.#changed = true;
    return this.#values.rowNext++;
  }

  /** The last step of a transaction. */
  flush(): void {
    if (this.#changed) this.#write.run(JSON.stringify(this.#values));
    this.#changed = false;
  }

  reload(): void {
    this.#values = this.#load();
    this.#changed = false;
  }

  #load(): z.infer<typeof schema> {
    const row = this.#read.get<{ value: string }>();
    if (row) return schema.parse(JSON.parse(row.value));
    return { hash: 0, waiting: 0, rowNext: 1, open: [...zeros], acknowledged: [...zeros] };
  }
}
