import { z } from 'zod';

/** The keys that a schema knows at a place of a value; none where anything goes, or where no mapping is meant. */
export function knownKeysAt(schema: z.core.$ZodType, value: unknown, at: readonly PropertyKey[]): string[] {
  return [...new Set(keysAt(schema, value, at))];
}

function keysAt(schema: z.core.$ZodType, value: unknown, at: readonly PropertyKey[]): string[] {
  const inner = innerOf(schema);
  if (inner !== null) return keysAt(inner, value, at);
  const [key, ...rest] = at;
  if (schema instanceof z.ZodUnion)
    return fitting(schema.options, value).flatMap((option) => keysAt(option, value, at));
  if (schema instanceof z.ZodObject) {
    if (key === undefined) return Object.keys(schema.shape);
    const below: unknown = schema.shape[String(key)];
    return isSchema(below) ? keysAt(below, memberOf(value, key), rest) : [];
  }
  if (key === undefined) return [];
  if (schema instanceof z.ZodArray) return keysAt(schema.element, memberOf(value, key), rest);
  if (schema instanceof z.ZodRecord) return keysAt(schema.valueType, memberOf(value, key), rest);
  return [];
}

/** What is wrapped by a default, an optional, a transformation …; null for everything else. */
function innerOf(schema: z.core.$ZodType): z.core.$ZodType | null {
  if (schema instanceof z.ZodPipe) return schema.in;
  const isWrapper =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodCatch;
  return isWrapper ? schema.unwrap() : null;
}

/** Of a union told apart by a key, the option that the value means; else all of them. */
function fitting(options: readonly z.core.$ZodType[], value: unknown): readonly z.core.$ZodType[] {
  const meant = options.filter((option) => {
    if (!(option instanceof z.ZodObject)) return false;
    return Object.entries(option.shape).some(
      ([key, one]) => one instanceof z.ZodLiteral && one.safeParse(memberOf(value, key)).success,
    );
  });
  return meant.length > 0 ? meant : options;
}

function isSchema(value: unknown): value is z.core.$ZodType {
  return value instanceof z.ZodType;
}

function memberOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

/** The one of them that somebody may have meant by `word`; null when none is near. */
export function nearestTo(word: string, known: readonly string[]): string | null {
  const distanceMax = Math.max(1, Math.floor(word.length / 3));
  const near = known
    .map((one) => ({ one, distance: distanceOf(word.toLowerCase(), one.toLowerCase()) }))
    .filter(({ distance }) => distance <= distanceMax)
    .toSorted((a, b) => a.distance - b.distance);
  return near[0]?.one ?? null;
}

/** How many letters have to be put in, taken out, changed, or swapped with their neighbour. */
function distanceOf(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let row = 1; row <= a.length; row++) {
    const now = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      now.push(
        Math.min(
          (last[column] ?? 0) + 1,
          (now[column - 1] ?? 0) + 1,
          (last[column - 1] ?? 0) + (isSame ? 0 : 1),
          isSwapped ? (before[column - 2] ?? 0) + 1 : Infinity,
        ),
      );
    }
    [before, last] = [last, now];
  }
  return last[b.length] ?? 0;
}
