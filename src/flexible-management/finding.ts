/** Where something stands in a text: lines and columns from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Something that a check found. A policy with an error is used nowhere; one with warnings is. */
export interface Finding {
  readonly level: 'error' | 'warning';
  readonly at: Position;
  /** One sentence: what is wrong, and what to write instead. */
  readonly text: string;
}

/** `line 12, column 5: WEEKDAY FROM Friday needs TO`. */
export function findingText({ at, text }: Finding): string {
  return `line ${at.line}, column ${at.column}: ${text}`;
}

/** In the order of the text; of two at one place the error first. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  return findings.toSorted(
    (a, b) =>
      a.at.line - b.at.line ||
      a.at.column - b.at.column ||
      Number(a.level > b.level) - Number(a.level < b.level),
  );
}
