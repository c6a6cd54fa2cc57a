import { median } from './statistics.ts';

/** What issue and README promise of a figure. */
export interface Floor {
  readonly value: number;
  readonly better: 'higher' | 'lower';
}

export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** One for each run. */
  readonly values: readonly number[];
  readonly floor?: Floor;
  /** How it was measured, where the name does not say it. */
  readonly remark?: string;
}

export interface FigureSummary {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
  readonly floor: number | null;
  /** Above 1 is better than the floor, whichever way is better. */
  readonly ratio: number | null;
  readonly remark: string;
}

export function summarize({ name, unit, values, floor, remark = '' }: Figure): FigureSummary {
  const middle = median(values);
  return {
    name,
    unit,
    median: middle,
    min: Math.min(...values),
    max: Math.max(...values),
    runs: values.length,
    floor: floor?.value ?? null,
    ratio: floor ? (floor.better === 'higher' ? middle / floor.value : floor.value / middle) : null,
    remark,
  };
}

/** A table for people; numbers are rounded to what can be told apart. */
export function figureTable(figures: readonly FigureSummary[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    number(figure.median),
    `${number(figure.min)} to ${number(figure.max)}`,
    figure.unit,
    figure.floor === null ? '' : number(figure.floor),
    figure.ratio === null ? '' : `${figure.ratio.toFixed(2)}×`,
    figure.remark,
  ]);
  const all = [['figure', 'median', 'min to max', 'unit', 'floor', 'ratio', ''], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map((row) =>
      row
        .map((cell, column) =>
          [1, 2, 4, 5].includes(column)
            ? cell.padStart(widths[column] ?? 0)
            : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function number(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
