import { styleText } from 'node:util';

/** A piece of a line in one style. Styles are meanings; what a meaning looks like stands in `looks` alone. */
export interface Span {
  readonly text: string;
  readonly style?: Style;
}
export type Line = readonly Span[];
export type Style = keyof typeof looks;

const looks = {
  title: ['bold'],
  heading: ['dim'],
  faint: ['dim'],
  good: ['green'],
  notice: ['yellow'],
  bad: ['red', 'bold'],
  accent: ['cyan'],
} as const satisfies Record<string, Parameters<typeof styleText>[0]>;

const segments = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Control characters, line breaks and direction marks of messages would tear the picture apart. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ');
}

/** Columns that a text takes on a terminal: two for wide characters, none for combining ones. */
export function widthOf(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segments.segment(text))
    width += isWide(segment) ? 2 : /^\p{M}/u.test(segment) ? 0 : 1;
  return width;
}

function isWide(segment: string): boolean {
  return /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u.test(
    segment,
  );
}

/** Cut to `width` columns, with an ellipsis where something is missing. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let result = '';
  let used = 0;
  for (const { segment } of segments.segment(text)) {
    used += widthOf(segment);
    if (used > width - 1) break;
    result += segment;
  }
  return width > 0 ? `${result}…` : '';
}

export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const fitted = cut(text, width);
  const space = ' '.repeat(width - widthOf(fitted));
  return align === 'left' ? fitted + space : space + fitted;
}

/** One line as the terminal gets it: cut to `width`, in colour where `colour`. */
export function renderLine(line: Line, width: number, colour: boolean): string {
  let room = width;
  let result = '';
  for (const { text, style } of line) {
    const fitted = cut(text, room);
    room -= widthOf(fitted);
    result +=
      colour && style !== undefined && fitted !== ''
        ? styleText([...looks[style]], fitted, { validateStream: false })
        : fitted;
    if (room <= 0) break;
  }
  return result.trimEnd();
}
