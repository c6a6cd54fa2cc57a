/** What a definition says, as it stands in a file. */
export type Content = Readonly<Record<string, unknown>>;

/** Keys that say what a thing is come first; the others follow by the alphabet. */
const first = ['kind', 'name', 'description', 'match', 'path', 'command'];

/** The same content in the one order of keys that everything is written and compared in. Lists stay as they are. */
export function canonical<T>(value: T): T {
  return sorted(value) as T;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isMapping(value)) return value;
  const keys = Object.keys(value).toSorted(byRank);
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}

function byRank(a: string, b: string): number {
  const [left, right] = [rankOf(a), rankOf(b)];
  return left === right ? (a < b ? -1 : 1) : left - right;
}

function rankOf(key: string): number {
  const at = first.indexOf(key);
  return at < 0 ? first.length : at;
}

export function isSameContent(a: Content | null, b: Content | null): boolean {
  return JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
}

export interface Difference {
  /** `conditions[0].severity` */
  readonly path: string;
  /** Undefined where there was nothing. */
  readonly before: unknown;
  readonly after: unknown;
}

/** What changed between two contents, by path: as deep as both are mappings, or lists of one length. */
export function differences(before: unknown, after: unknown, path = ''): Difference[] {
  if (JSON.stringify(canonical(before)) === JSON.stringify(canonical(after))) return [];
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((one, at) => differences(one, after[at], `${path}[${at}]`));
  if (isMapping(before) && isMapping(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted(byRank);
    return keys.flatMap((key) => differences(before[key], after[key], path === '' ? key : `${path}.${key}`));
  }
  return [{ path, before, after }];
}

const shownMax = 120;

/** `every: 1m -> 5m`, for people. */
export function differenceText({ path, before, after }: Difference): string {
  return `${path}: ${valueText(before)} -> ${valueText(after)}`;
}

function valueText(value: unknown): string {
  if (value === undefined) return '(nothing)';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > shownMax ? `${text.slice(0, shownMax - 1)}…` : text;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
