import { severities } from '../model/severity.ts';

export const stepMs = 300_000;
/** A day of steps, the one that is going on included. */
const stepsKept = 24 * 12 + 1;

export interface StepNumbers {
  /** By the rank of the severity: messages that arrived in the step, and those of now that were acknowledged in it. */
  readonly arrived: Int32Array;
  readonly acknowledged: Int32Array;
}

/**
 * When messages arrived, and when those that are acknowledged were, in steps of five minutes over a day; for everything, and
 * for each place. What is kept of places has a cap: beyond it the oldest step forgets its places, and a question about
 * some of them is answered from the next step on.
 */
export class TimeSteps {
  readonly #everywhere = new Map<number, StepNumbers>();
  readonly #ofPlaces = new Map<number, Map<string, StepNumbers>>();
  readonly #numbersMax: number;
  #numbers = 0;
  #newest = 0;
  #placesSince = 0;

  /** At most so many numbers of a place in a step. */
  constructor(numbersMax = 200_000) {
    this.#numbersMax = numbersMax;
  }

  add(what: keyof StepNumbers, place: string, atMs: number, rank: number, by: number): void {
    const step = Math.floor(atMs / stepMs);
    if (step <= this.#newest - stepsKept) return;
    if (step > this.#newest) this.#advance(step);
    count(numbersAt(this.#everywhere, step), what, rank, by);
    if (step < this.#placesSince) return;
    let places = this.#ofPlaces.get(step);
    if (places === undefined) this.#ofPlaces.set(step, (places = new Map()));
    if (!places.has(place)) this.#numbers += 1;
    count(numbersAt(places, place), what, rank, by);
    while (this.#numbers > this.#numbersMax) this.#forgetPlaces();
  }

  /** What happened in a step; `isIn`: at these places only. */
  at(step: number, isIn: ((place: string) => boolean) | null): StepNumbers {
    if (isIn === null) return this.#everywhere.get(step) ?? noNumbers();
    const sum = noNumbers();
    for (const [place, numbers] of this.#ofPlaces.get(step) ?? []) {
      if (!isIn(place)) continue;
      for (const rank of severities.keys()) {
        count(sum, 'arrived', rank, numbers.arrived[rank] ?? 0);
        count(sum, 'acknowledged', rank, numbers.acknowledged[rank] ?? 0);
      }
    }
    return sum;
  }

  /** The first step of which is known what happened at each place; 0: all that are kept. */
  get placesSince(): number {
    return this.#placesSince;
  }

  forget(): void {
    this.#everywhere.clear();
    this.#ofPlaces.clear();
    this.#numbers = 0;
    this.#newest = 0;
    this.#placesSince = 0;
  }

  #advance(to: number): void {
    this.#newest = to;
    for (const step of this.#everywhere.keys()) if (step <= to - stepsKept) this.#everywhere.delete(step);
    for (const step of this.#ofPlaces.keys()) if (step <= to - stepsKept) this.#drop(step);
  }

  #forgetPlaces(): void {
    const oldest = Math.min(...this.#ofPlaces.keys());
    this.#drop(oldest);
    this.#placesSince = oldest + 1;
  }

  #drop(step: number): void {
    this.#numbers -= this.#ofPlaces.get(step)?.size ?? 0;
    this.#ofPlaces.delete(step);
  }
}

function noNumbers(): StepNumbers {
  return { arrived: new Int32Array(severities.length), acknowledged: new Int32Array(severities.length) };
}

function numbersAt<K>(all: Map<K, StepNumbers>, key: K): StepNumbers {
  let numbers = all.get(key);
  if (numbers === undefined) all.set(key, (numbers = noNumbers()));
  return numbers;
}

function count(numbers: StepNumbers, what: keyof StepNumbers, rank: number, by: number): void {
  numbers[what][rank] = (numbers[what][rank] ?? 0) + by;
}
