import type { SeededRandom } from './random.ts';

interface Direction {
  readonly from: string;
  readonly to: string;
  /** How many cuts lie on it; each is healed for itself. */
  cuts: number;
  delayMeanMs: number;
  /** What waits for the end of the cut, in order. */
  readonly onHeal: Set<() => void>;
}

/** The ways between sites, each direction for itself. */
export class Links {
  readonly #random: SeededRandom;
  readonly #from = new Map<string, Map<string, Direction>>();
  readonly #baseMs: number;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#baseMs = random.between(0.1, 3);
  }

  #direction(from: string, to: string): Direction {
    const known = this.#from.get(from)?.get(to);
    if (known) return known;
    const direction: Direction = { from, to, cuts: 0, delayMeanMs: this.#baseMs, onHeal: new Set() };
    const ways = this.#from.get(from) ?? new Map<string, Direction>();
    this.#from.set(from, ways.set(to, direction));
    return direction;
  }

  isCut(from: string, to: string): boolean {
    return from !== to && this.#direction(from, to).cuts > 0;
  }

  delayMs(from: string, to: string): number {
    if (from === to) return 0.02 + this.#random.unit() * 0.05;
    const { delayMeanMs } = this.#direction(from, to);
    return delayMeanMs / 2 + this.#random.around(delayMeanMs / 2);
  }

  cut(from: string, to: string): void {
    this.#direction(from, to).cuts += 1;
  }

  heal(from: string, to: string): void {
    const direction = this.#direction(from, to);
    direction.cuts = Math.max(0, direction.cuts - 1);
    if (direction.cuts > 0) return;
    const waiting = [...direction.onHeal];
    direction.onHeal.clear();
    for (const run of waiting) run();
  }

  whenHealed(from: string, to: string, run: () => void): void {
    this.#direction(from, to).onHeal.add(run);
  }

  /** Null gives the ordinary delay back. */
  slow(from: string, to: string, delayMeanMs: number | null): void {
    this.#direction(from, to).delayMeanMs = delayMeanMs ?? this.#baseMs;
  }

  healAll(): void {
    for (const direction of [...this.#from.values()].flatMap((ways) => [...ways.values()])) {
      const { from, to } = direction;
      direction.cuts = Math.min(direction.cuts, 1);
      this.slow(from, to, null);
      this.heal(from, to);
    }
  }
}
