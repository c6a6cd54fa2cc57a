import { crc32 } from 'node:zlib';

const linesMax = 200;

/** What happened, as a rolling hash over all of it and the last lines in words. */
export class Trace {
  #hash = 0;
  readonly #lines: string[] = [];
  readonly #fired = new Map<string, number>();

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
