import type { Cli } from '../cli.ts';
import type { PrintOptions } from '../options/client-options.ts';
import { styleOf, type Style } from './style.ts';
import { tableText, type Column } from './table.ts';

/** One document for programs. Its shape is that of the API's answer and only ever gains keys. */
export function printJson(cli: Cli, document: unknown): void {
  cli.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

/** A table, or a line on stderr that says why there is none. */
export function printTable<Row>(
  cli: Cli,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  nothing: string,
): void {
  if (rows.length === 0) cli.stderr.write(`${nothing}\n`);
  else cli.stdout.write(tableText(rows, columns, cli.stdout));
}

/** `KEY  value` lines, the values aligned. */
export function printPairs(cli: Cli, pairs: readonly (readonly [string, string])[]): void {
  const width = Math.max(...pairs.map(([key]) => key.length));
  for (const [key, value] of pairs) cli.stdout.write(`${key.padEnd(width)}  ${value}\n`);
}

/** A word to the person, beside the data. */
export function note(cli: Cli, text: string): void {
  cli.stderr.write(`${text}\n`);
}

export function stdoutStyle(cli: Cli, { color }: Pick<PrintOptions, 'color'>): Style {
  return styleOf(cli, cli.stdout, color);
}
