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

/** Tests that were made, by what they are made from: patterns are full of the same few classes. */
const known = new Map<string, CharTest>();
const knownMax = 1_000;

/**
 * ASCII, nearly all of what logs are made of, by a table; the rest by looking through the ranges. A single character, nearly
 * all that patterns are made of, needs none.
 */
export function charTest({ ranges, negated }: CharSet, ignoreCase: boolean): CharTest {
  const [[from, to] = [0, -1]] = ranges;
  if (ranges.length === 1 && from === to && !negated && !ignoreCase) return (codePoint) => codePoint === from;
  const key = `${negated ? '^' : ''}${ignoreCase ? 'i' : ''}${ranges.join()}`;
  const found = known.get(key);
  if (found) return found;
  const table = asciiTable(ranges, negated, ignoreCase);
  const slow = (codePoint: number): boolean => negated !== isIn(ranges, codePoint, ignoreCase);
  const test: CharTest = (codePoint) => (codePoint < asciiCount ? table[codePoint] === 1 : slow(codePoint));
  if (known.size >= knownMax) known.clear();
  known.set(key, test);
  return test;
}

const asciiCount = 128;
/** Between a small letter and its capital. */
const caseStep = 0x20;

function asciiTable(ranges: readonly CharRange[], negated: boolean, ignoreCase: boolean): Uint8Array {
  const inside = negated ? 0 : 1;
  const table = new Uint8Array(asciiCount).fill(1 - inside);
  for (const [from, to] of ranges) table.fill(inside, from, to + 1);
  if (!ignoreCase) return table;
  for (let letter = 0x61; letter <= 0x7a; letter++) {
    const isIn = table[letter] === inside || table[letter - caseStep] === inside;
    if (isIn) table[letter] = table[letter - caseStep] = inside;
  }
  return table;
}

function isIn(ranges: readonly CharRange[], codePoint: number, ignoreCase: boolean): boolean {
  const variants = ignoreCase ? caseVariants(codePoint) : [codePoint];
  return variants.some((one) => ranges.some(([from, to]) => one >= from && one <= to));
}

function caseVariants(codePoint: number): number[] {
  const char = String.fromCodePoint(codePoint);
  const variants = [char, char.toLowerCase(), char.toUpperCase()];
  // A letter whose other case is several letters has no variant of one.
  return variants.filter((one) => one.length === char.length).map((one) => one.codePointAt(0) ?? 0);
}
