import { crc32 } from 'node:zlib';

const linesMax = 200;

/** What happened, as a rolling hash over all of it and the last lines in words. */
export class Trace {
  #hash = 0;
  readonly #lines: string[] = [];
  readonly #fired = new Map<string, number>();

  /** Enters what happened at a time into the hash: cheaper than words, since there are thousands a second. */
  mixNumbers(a: number, b: number, c: number): void {
    let hash = Math.imul(this.#hash ^ Math.trunc(a), 0x9e37_79b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ b, 0x85eb_ca6b);
    hash = Math.imul(hash ^ (hash >>> 13) ^ c, 0xc2b2_ae35);
    this.#hash = (hash ^ (hash >>> 16)) >>> 0;
  }

  /** Enters the hash only. */
  mix(data: string | Uint8Array): void {
    this.#hash = crc32(data, this.#hash);
  }

  line(text: string): void {
    this.mix(text);
    this.#lines.push(text);
    if (this.#lines.length > linesMax * 2) this.#lines.splice(0, linesMax);
  }

  /** Counts a fault or a rare state that occurred. */
  count(what: string, by = 1): void {
    this.#fired.set(what, (this.#fired.get(what) ?? 0) + by);
  }

  get hash(): string {
    return this.#hash.toString(16).padStart(8, '0');
  }

  get lastLines(): readonly string[] {
    return this.#lines.slice(-linesMax);
  }

  get fired(): ReadonlyMap<string, number> {
    return this.#fired;
  }
}
