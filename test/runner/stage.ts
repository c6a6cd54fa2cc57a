/** What a stage counted. A stage that found nothing to run reports a failure, never a silent zero. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface StageOptions {
  readonly quick: boolean;
  /** Prints one line of progress, indented below the stage's heading. */
  say(line: string): void;
}

export interface Stage {
  readonly name: string;
  /** One line for people: what this stage shows. */
  readonly about: string;
  /** Left out of `--quick`. */
  readonly slow?: boolean;
  run(options: StageOptions): Promise<Counts>;
}

export const none: Counts = { passed: 0, failed: 0, skipped: 0 };

export function add(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The one line that a reader, or a script, looks for at the end. */
export function summary(counts: Counts): string {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`;
}
