import type { Origin } from '../model/origin.ts';
import type { Database, Statement } from '../runtime/database.ts';

/** A short number for each origin in the rows of messages; numbers differ between servers and are in no hash. */
export class StampOrigins {
  readonly #numbers = new Map<Origin, number>();
  readonly #insert: Statement;
  readonly #all: Statement;

  constructor(database: Database) {
    this.#insert = database.prepare('INSERT INTO stamp_origins(number, origin) VALUES (?, ?)');
    this.#all = database.prepare('SELECT number, origin FROM stamp_origins');
    this.reload();
  }

  numberOf(origin: Origin): number {
    const known = this.#numbers.get(origin);
    if (known !== undefined) return known;
    const number = this.#numbers.size + 1;
    this.#insert.run(number, origin);
    this.#numbers.set(origin, number);
    return number;
  }

  reload(): void {
    this.#numbers.clear();
    for (const { number, origin } of this.#all.all<{ number: number; origin: Origin }>())
      this.#numbers.set(origin, number);
  }
}
