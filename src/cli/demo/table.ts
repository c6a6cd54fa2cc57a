import { pad, widthOf, type Line, type Span } from './line.ts';

export interface Column {
  readonly heading: string;
  readonly align?: 'left' | 'right';
  /** Columns of the terminal that it takes at most. */
  readonly widthMax?: number;
}

/** Rows of spans under their headings, each column as wide as its widest cell, two spaces apart. */
export function table(columns: readonly Column[], rows: readonly (readonly Span[])[], indent = 1): Line[] {
  const widths = columns.map((column, index) =>
    Math.min(
      column.widthMax ?? 60,
      Math.max(widthOf(column.heading), ...rows.map((row) => widthOf(row[index]?.text ?? ''))),
    ),
  );
  const lineOf = (cells: readonly Span[]): Line => [
    { text: ' '.repeat(indent) },
    ...columns.flatMap((column, index) => {
      const cell = cells[index] ?? { text: '' };
      // Nothing is put behind the last cell, so that it is cut for what it says and not for its padding.
      if (index === columns.length - 1 && column.align !== 'right') return [cell];
      return [{ ...cell, text: pad(cell.text, widths[index] ?? 0, column.align) }, { text: '  ' }];
    }),
  ];
  const headings = columns.map(({ heading }): Span => ({ text: heading, style: 'heading' }));
  return [lineOf(headings), ...rows.map((row) => lineOf(row))];
}
