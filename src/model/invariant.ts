/** A promise the code made to itself was broken: a bug, never an operator's mistake. Crashes the process. */
export class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant';
}

export function invariant(holds: boolean, text: string): asserts holds {
  if (!holds) throw new BrokenInvariant(text);
}

/** Closes a switch over a union, so that a new member without a case does not compile. */
export function unreachable(value: never): never {
  throw new BrokenInvariant(`unreachable: ${JSON.stringify(value)}`);
}
