/** Code points from `from` to `to`, both included. */
export type CharRange = readonly [from: number, to: number];

export interface CharSet {
  readonly ranges: readonly CharRange[];
  readonly negated: boolean;
}

export const codePointMax = 0x10ffff;

const digit: readonly CharRange[] = [[0x30, 0x39]];
const word: readonly CharRange[] = [...digit, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
const space: readonly CharRange[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];

/** The classes that one letter names: \d \w \s and, in upper case, everything else. Null for other letters. */
export function namedClass(letter: string): readonly CharRange[] | null {
  const ranges = { d: digit, w: word, s: space }[letter.toLowerCase()];
  if (!ranges) return null;
  return letter === letter.toLowerCase() ? ranges : complement(ranges);
}

export const anyButLineBreak: CharSet = {
  ranges: [
    [0x0a, 0x0a],
    [0x0d, 0x0d],
    [0x2028, 0x2029],
  ],
  negated: true,
};

function complement(ranges: readonly CharRange[]): CharRange[] {
  const result: CharRange[] = [];
  let next = 0;
  for (const [from, to] of [...ranges].sort(([a], [b]) => a - b)) {
    if (from > next) result.push([next, from - 1]);
    next = Math.max(next, to + 1);
  }
  if (next <= codePointMax) result.push([next, codePointMax]);
  return result;
}

export type CharTest = (codePoint: number) => boolean;

/** ASCII, nearly all of what logs are made of, by a table; the rest by looking through the ranges. */
export function charTest({ ranges, negated }: CharSet, ignoreCase: boolean): CharTest {
  const inRanges = (codePoint: number): boolean =>
    ranges.some(([from, to]) => codePoint >= from && codePoint <= to);
  const slow = (codePoint: number): boolean =>
    negated !== (ignoreCase ? caseVariants(codePoint).some(inRanges) : inRanges(codePoint));
  const table = Uint8Array.from({ length: 128 }, (_, codePoint) => (slow(codePoint) ? 1 : 0));
  return (codePoint) => (codePoint < 128 ? table[codePoint] === 1 : slow(codePoint));
}

function caseVariants(codePoint: number): number[] {
  const char = String.fromCodePoint(codePoint);
  const variants = [char, char.toLowerCase(), char.toUpperCase()];
  // A letter whose other case is several letters has no variant of one.
  return variants.filter((one) => one.length === char.length).map((one) => one.codePointAt(0) ?? 0);
}
