/** A checker saw what must never be. `invariant` names the rule, the message says where. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: string;

  constructor(invariant: string, text: string) {
    super(`${invariant}: ${text}`);
    this.invariant = invariant;
  }
}

export function check(holds: boolean, invariant: string, text: () => string): asserts holds {
  if (!holds) throw new Violation(invariant, text());
}
