/** From Monday, which is 1, to Sunday, which is 7. */
export const weekdays = [
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
  'Sunday',
] as const;

/** The canonical spelling of a value, whatever its case; null for other words. */
export function oneOf<Value extends string>(values: readonly Value[], word: string): Value | null {
  return values.find((value) => value.toLowerCase() === word.toLowerCase()) ?? null;
}

export function booleanOf(word: string): boolean | null {
  return { true: true, false: false }[word.toLowerCase()] ?? null;
}

/** `a, b or c`. */
export function listed(values: readonly string[]): string {
  return `${values.slice(0, -1).join(', ')} or ${values.at(-1) ?? ''}`;
}
