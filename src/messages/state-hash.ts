/**
 * The hash by which members compare what they derived: the sum, modulo 2^52, of one hash a row. Adding and taking away
 * rows in any order comes to the same sum. It is there to find bugs and damage, not to withstand forgery.
 */
export const stateHashModulus = 2 ** 52;

export function addToHash(sum: number, row: number): number {
  return (sum + row) % stateHashModulus;
}

export function takeFromHash(sum: number, row: number): number {
  return (sum - row + stateHashModulus) % stateHashModulus;
}

export function hashText(sum: number): string {
  return sum.toString(16).padStart(13, '0');
}

/** Two lanes of 32 bits, fed field by field. Reused for every row, so that nothing is allocated. */
export class RowHash {
  #low = 0;
  #high = 0;

  /** Starts where `fork` left off. */
  start(fork: { readonly low: number; readonly high: number } = origin): this {
    this.#low = fork.low;
    this.#high = fork.high;
    return this;
  }

  fork(): { low: number; high: number } {
    return { low: this.#low, high: this.#high };
  }

  /** Null and undefined are the same and differ from an empty text. */
  text(value: string | null | undefined): this {
    let low = this.#low;
    let high = this.#high;
    if (value !== null && value !== undefined)
      for (let index = 0; index < value.length; index++) {
        low = Math.imul(low ^ (value.charCodeAt(index) + 1), 0x9e3779b1);
        high = (high + low) | 0;
      }
    this.#low = Math.imul(low ^ (low >>> 15), 0x85ebca6b);
    this.#high = Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
    return this;
  }

  number(value: number): this {
    this.#low = Math.imul(this.#low ^ (value >>> 0), 0x9e3779b1);
    this.#high = Math.imul(this.#high ^ Math.floor(value / 0x1_0000_0000), 0x5f356495);
    this.#low ^= this.#high >>> 16;
    this.#high ^= Math.imul(this.#low ^ (this.#low >>> 15), 0x85ebca6b);
    return this;
  }

  /** 52 bits. */
  end(): number {
    let low = this.#low ^ (this.#high >>> 11);
    let high = this.#high ^ Math.imul(this.#low, 0x2c1b3c6d);
    low = Math.imul(low ^ (low >>> 16), 0x85ebca6b);
    high = Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
    return ((high ^ (high >>> 16)) & 0xfffff) * 0x1_0000_0000 + ((low ^ (low >>> 13)) >>> 0);
  }
}

const origin = { low: 0x243f6a88, high: 0x13198a2e };
