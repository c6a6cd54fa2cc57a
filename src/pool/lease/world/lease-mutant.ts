import type { Transaction } from '../../../coordination/coordination.ts';
import type { LeaseEvent, LeaseState, Now } from '../lease-state.ts';

/** A fault that somebody could really make, for the judge of the little worlds to find. */
export interface Mutant {
  readonly name: string;
  /** Changes what a keeper knows, before or after its step. */
  readonly before?: (state: LeaseState, now: Now) => void;
  readonly after?: (state: LeaseState, event: LeaseEvent, now: Now) => void;
  /** Changes what it asks the coordinator for. */
  readonly transaction?: (transaction: Transaction, coreId: string) => Transaction;
}

export interface Report {
  readonly violations: readonly string[];
  /** How often the interesting things happened: a world in which nothing happens proves nothing. */
  readonly counts: ReadonlyMap<string, number>;
}
