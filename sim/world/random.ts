import { hash } from 'node:crypto';
import type { Random } from '../../src/runtime/random.ts';

/**
 * Xoshiro128** over a state hashed from a path such as `7/network/a`. Each purpose forks its own generator by name,
 * not by drawing, so that one more draw in one place shifts nothing elsewhere.
 */
export class SeededRandom implements Random {
  readonly #path: string;
  readonly #state: Uint32Array;

  constructor(path: string) {
    this.#path = path;
    const digest = hash('sha256', path, 'buffer');
    this.#state = Uint32Array.from([0, 4, 8, 12], (offset) => digest.readUInt32LE(offset));
  }

  /** The same name gives the same generator, however much was drawn from this one. */
  fork(purpose: string): SeededRandom {
    return new SeededRandom(`${this.#path}/${purpose}`);
  }

  #next(): number {
    const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = this.#state;
    const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9) >>> 0;
    const x2 = s2 ^ s0;
    const x3 = s3 ^ s1;
    this.#state[0] = s0 ^ x3;
    this.#state[1] = s1 ^ x2;
    this.#state[2] = x2 ^ (s1 << 9);
    this.#state[3] = rotate(x3, 11);
    return result;
  }

  /** From 0 up to but not including 1, with 53 random bits. */
  unit(): number {
    return ((this.#next() >>> 5) * 0x400_0000 + (this.#next() >>> 6)) / 0x20_0000_0000_0000;
  }

  int(maxExclusive: number): number {
    return Math.floor(this.unit() * maxExclusive);
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i += 1) bytes[i] = this.#next() >>> 24;
    return bytes;
  }

  between(low: number, high: number): number {
    return low + this.unit() * (high - low);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** Exponentially distributed, cut at twenty times the mean. */
  around(mean: number): number {
    return Math.min(-Math.log(1 - this.unit()), 20) * mean;
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.int(list.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
