import type { Origin } from '../model/origin.ts';

/** What a person must hear of: stored data that is not what it was, or cannot be read. */
export interface Damage {
  readonly origin: Origin;
  readonly seq: number;
  readonly text: string;
}
