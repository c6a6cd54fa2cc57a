import type { Random } from '../../src/runtime/random.ts';
import { check } from '../world/violation.ts';

const latestMax = 300;

interface Entered {
  readonly content: string;
  copies: number;
}

/**
 * The checkers' own record of what was produced and what was acknowledged, written by the producers. Nothing of it
 * comes from the code under test but the acknowledgement itself.
 */
export class Ledger {
  readonly #entered = new Map<string, Entered>();
  readonly #attempts = new Set<string>();
  readonly #latest: string[] = [];
  acknowledgedCount = 0;

  /** A producer accepted a message from its source. */
  produced(id: string, content: string): void {
    check(!this.#entered.has(id), 'ids are unique', () => id);
    this.#entered.set(id, { content, copies: 0 });
    this.#latest.push(id);
    if (this.#latest.length > latestMax) this.#latest.shift();
  }

  /**
   * A producer was told that these are stored on `copies` servers. `holders` counts the disks that hold a message
   * right now.
   */
  acknowledged(ids: readonly string[], copies: number, holders: (id: string) => number): void {
    for (const id of ids) {
      const entered = this.#entered.get(id);
      check(entered !== undefined, 'nothing invented', () => `${id} was acknowledged and never produced`);
      const found = holders(id);
      check(
        found >= copies,
        'acknowledged is durable (I1)',
        () => `${id}: ${copies} copies said, ${found} found`,
      );
      if (entered.copies === 0) this.acknowledgedCount += 1;
      entered.copies = Math.max(entered.copies, copies);
    }
  }

  /** A producer was handed this; whether it took it may stay unknown. */
  attempted(content: string): void {
    this.#attempts.add(content);
  }

  /** A producer took a message and has it on its disk: it must be on every server in the end. */
  accepted(id: string, content: string): void {
    this.produced(id, content);
    this.#entered.set(id, { content, copies: 1 });
    this.acknowledgedCount += 1;
  }

  /**
   * What one server holds in the end, by ID: everything that was acknowledged, nothing else, unchanged. `dropped` are
   * known to be lost in a buffer that was full.
   */
  checkHeld(
    server: string,
    held: ReadonlyMap<string, string>,
    dropped: ReadonlySet<string> = new Set(),
  ): void {
    for (const [id, { content, copies }] of this.#entered) {
      const found = held.get(id);
      check(
        found !== undefined || copies === 0 || dropped.has(id),
        'acknowledged is kept (I2)',
        () => `${server} lacks ${id}, acknowledged with ${copies} copies`,
      );
      check(
        found === undefined || found === content,
        'messages are unchanged (I3)',
        () => `${server}: ${id} is ${found}, was ${content}`,
      );
    }
    const contents = new Set<string>();
    for (const [id, content] of held) {
      const known = this.#entered.has(id) || this.#attempts.has(content);
      check(known, 'nothing invented (I3)', () => `${server} has ${id}: ${content}`);
      check(!contents.has(content), 'applied once (I4)', () => `${server} has ${content} twice`);
      contents.add(content);
    }
  }

  /** One of the latest. */
  some(random: Random): string | null {
    if (this.#latest.length === 0) return null;
    return this.#latest[random.int(this.#latest.length)] ?? null;
  }

  /** How many that were produced are not acknowledged yet. */
  get open(): number {
    return this.#entered.size - this.acknowledgedCount;
  }

  get attemptedCount(): number {
    return this.#attempts.size;
  }
}
