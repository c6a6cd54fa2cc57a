import type { Hlc } from '../model/hlc.ts';
import { coreIdOfOrigin, originOf, type Origin, type Positions } from '../model/origin.ts';
import type { Uuid } from '../model/uuid.ts';
import type { Database, Statement } from '../runtime/database.ts';
import type { Random } from '../runtime/random.ts';
import { chainStart } from './checksum.ts';

/** How far one origin got on this server. */
export interface OriginHead {
  readonly number: number;
  readonly origin: Origin;
  readonly last: number;
  readonly firstKept: number;
  readonly hlc: Hlc;
  readonly chain: Uint8Array;
  readonly bytes: number;
}

/**
 * The heads of all origins, in memory and in the table `origins`. Changes are staged while a transaction runs and
 * become visible with `settle`, or are forgotten with `discard`.
 */
export class OriginHeads {
  readonly #settled = new Map<Origin, OriginHead>();
  readonly #staged = new Map<Origin, OriginHead>();
  readonly #write: Statement;
  #numberNext = 1;
  /** Asked for many times between two commits. */
  #positions: Positions | null = null;

  constructor(database: Database) {
    this.#write = database.prepare(
      `INSERT INTO origins(number, origin, last, first_kept, hlc, chain, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT(number) DO UPDATE SET last = excluded.last, first_kept = excluded.first_kept,
         hlc = excluded.hlc, chain = excluded.chain, bytes = excluded.bytes`,
    );
    const rows = database
      .prepare('SELECT number, origin, last, first_kept AS firstKept, hlc, chain, bytes FROM origins')
      .all<OriginHead>();
    for (const row of rows) {
      this.#settled.set(row.origin, { ...row });
      this.#numberNext = Math.max(this.#numberNext, row.number + 1);
    }
  }

  /** An origin for a new run, which this server has never heard of. */
  draw(coreId: Uuid, random: Random): Origin {
    for (;;) {
      const origin = originOf(coreId, Buffer.from(random.bytes(4)).toString('hex'));
      if (!this.#settled.has(origin)) return origin;
    }
  }

  /** As the running transaction sees it; an origin never heard of has an empty head. */
  current(origin: Origin): OriginHead {
    return (
      this.#staged.get(origin) ??
      this.#settled.get(origin) ?? {
        number: this.#numberNext + this.#stagedNew(),
        origin,
        last: 0,
        firstKept: 1,
        hlc: 0,
        chain: chainStart,
        bytes: 0,
      }
    );
  }

  stage(head: OriginHead): void {
    this.#staged.set(head.origin, head);
  }

  /** Writes what is staged; inside the transaction. */
  write(): void {
    for (const { number, origin, last, firstKept, hlc, chain, bytes } of this.#staged.values())
      this.#write.run(number, origin, last, firstKept, hlc, chain, bytes);
  }

  settle(): void {
    for (const head of this.#staged.values()) {
      this.#settled.set(head.origin, head);
      this.#numberNext = Math.max(this.#numberNext, head.number + 1);
    }
    this.#staged.clear();
    this.#positions = null;
  }

  discard(): void {
    this.#staged.clear();
  }

  get(origin: Origin): OriginHead | undefined {
    return this.#settled.get(origin);
  }

  all(): IterableIterator<OriginHead> {
    return this.#settled.values();
  }

  positions(): Positions {
    if (this.#positions !== null) return this.#positions;
    const positions: Record<Origin, number> = {};
    for (const { origin, last } of this.#settled.values()) positions[origin] = last;
    return (this.#positions = positions);
  }

  /** The run of that server which wrote last. */
  newestOf(coreId: string): Origin | null {
    let newest: OriginHead | null = null;
    for (const head of this.#settled.values())
      if (coreIdOfOrigin(head.origin) === coreId && isNewer(head, newest)) newest = head;
    return newest?.origin ?? null;
  }

  #stagedNew(): number {
    let count = 0;
    for (const origin of this.#staged.keys()) if (!this.#settled.has(origin)) count++;
    return count;
  }
}

function isNewer(head: OriginHead, than: OriginHead | null): boolean {
  if (than === null || head.hlc !== than.hlc) return head.hlc > (than?.hlc ?? -1);
  return head.origin > than.origin;
}
