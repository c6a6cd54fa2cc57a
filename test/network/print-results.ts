import type { CaseResult } from './measure.ts';

/** For people; `--json` is for programs. */
export function printTable(results: readonly CaseResult[]): void {
  const rows = [
    ['FAULT', 'RUNS', 'MEDIAN', 'MOST', 'LIMIT', 'TWO HOSTS', 'IDLE', 'VERDICT'],
    ...results.map(({ name, runs, medianMs, maxMs, limitMs, idle, ...rest }) => [
      name,
      runs.length === 0 ? '-' : `${runs.length}`,
      runs.length === 0 ? '-' : `${Math.round(medianMs)} ms`,
      runs.length === 0 ? '-' : `${Math.round(maxMs)} ms`,
      limitMs === null ? '-' : `${limitMs} ms`,
      runs.length === 0 ? '-' : `${runs.filter(({ doubles }) => doubles.length > 0).length}`,
      idle === undefined ? '-' : `${Math.round(idle * 100)} %`,
      verdict({ medianMs, limitMs, ...rest }),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  for (const row of rows)
    console.log(
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

export function verdict({
  faults,
  measured,
  medianMs,
  limitMs,
  unjudged,
  seriesRun,
}: Pick<CaseResult, 'faults' | 'measured' | 'medianMs' | 'limitMs' | 'unjudged' | 'seriesRun'>): string {
  if (measured) return 'measured beside us';
  if (faults.length > 0) return faults.join('; ');
  const slow = limitMs !== null && medianMs > limitMs;
  if (slow && unjudged) return `one host at a time; slow, but ${unjudged}`;
  return seriesRun !== undefined && seriesRun > 1
    ? `as it must be, in the quickest of ${seriesRun} series`
    : 'as it must be';
}
