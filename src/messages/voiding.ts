import type { Origin, Positions } from '../model/origin.ts';

/** A new holder's first entry: its epoch, and all it knew then. */
export interface Takeover {
  readonly role: string;
  readonly epoch: number;
  readonly positions: Positions;
}

/** Where a decision stands: the entry that brought it. */
export interface DecisionPlace {
  readonly role: string;
  readonly epoch: number;
  readonly origin: Origin;
  readonly seq: number;
}

/** A decision is void when a later holder of its role took over without knowing of it. */
export function isVoid(decision: DecisionPlace, takeovers: readonly Takeover[]): boolean {
  return takeovers.some(
    ({ role, epoch, positions }) =>
      role === decision.role && epoch > decision.epoch && (positions[decision.origin] ?? 0) < decision.seq,
  );
}
