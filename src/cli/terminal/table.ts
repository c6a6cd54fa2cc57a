import { stripVTControlCharacters } from 'node:util';
import type { Output } from '../cli.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly align?: 'right';
}

const gap = '  ';
/** However narrow the terminal is, so much of the last column is shown. */
const lastWidthMin = 20;

/** Rows under their titles, columns aligned. On a terminal the last column is cut where the line ends. */
export function tableText<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  output: Output,
): string {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ value }) => value(row))),
  ];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => widthOf(line[at] ?? ''))));
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + gap.length, 0);
  const room = output.columns === null ? Infinity : Math.max(lastWidthMin, output.columns - before);
  return cells.map((line) => lineText(line, columns, widths, room)).join('');
}

function lineText<Row>(
  line: readonly string[],
  columns: readonly Column<Row>[],
  widths: readonly number[],
  room: number,
): string {
  const padded = line.map((cell, at) => {
    const isLast = at === line.length - 1;
    const shown = isLast ? cut(cell, room) : cell;
    const space = ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(shown)));
    if (columns[at]?.align === 'right') return isLast && room < Infinity ? shown : space + shown;
    return isLast ? shown : shown + space;
  });
  return `${padded.join(gap).trimEnd()}\n`;
}

/** A cell with colours is never cut: half a colour would colour everything behind it. */
function cut(cell: string, room: number): string {
  if (widthOf(cell) <= room || stripVTControlCharacters(cell) !== cell) return cell;
  let width = 0;
  let kept = '';
  for (const character of cell) {
    width += characterWidth(character);
    if (width > room - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Columns that a terminal needs for a text. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += characterWidth(character);
  return width;
}

const zeroWidth = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const doubleWidth =
  /^[\u{1100}-\u{115f}\u{2e80}-\u{a4cf}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffe0}-\u{ffe6}\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

function characterWidth(character: string): number {
  return zeroWidth.test(character) ? 0 : doubleWidth.test(character) ? 2 : 1;
}
