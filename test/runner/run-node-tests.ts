import { globSync } from 'node:fs';
import path from 'node:path';
import { root, runProgram } from './run-program.ts';
import type { Counts, StageOptions } from './stage.ts';

export interface NodeTests {
  readonly patterns: readonly string[];
  readonly timeoutMs: number;
  /** Test files that run side by side. */
  readonly concurrency: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs test files with `node --test`, says failures as they come and counts what passed, failed and was skipped. */
export async function runNodeTests(tests: NodeTests, options: StageOptions): Promise<Counts> {
  const files = tests.patterns.flatMap((pattern) => globSync(pattern, { cwd: root })).sort();
  if (files.length === 0) {
    options.say(`no test files match ${tests.patterns.join(', ')}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const progress = setInterval(() => options.say(`${counts.passed} passed so far …`), 15_000);
  const exitCode = await runProgram({
    file: process.execPath,
    args: [
      '--test',
      `--test-concurrency=${tests.concurrency}`,
      `--test-reporter=${path.join(import.meta.dirname, 'count-reporter.ts')}`,
      ...files,
    ],
    timeoutMs: tests.timeoutMs,
    ...(tests.environment && { environment: tests.environment }),
    onLine: (line) => count(line, counts, options),
  });
  clearInterval(progress);
  // Without this, a runner that died before it reported a failure would look green.
  if (exitCode !== 0 && counts.failed === 0) {
    options.say(`the test runner ended with ${exitCode ?? 'a signal'}`);
    counts.failed = 1;
  }
  return counts;
}

function count(
  line: string,
  counts: { passed: number; failed: number; skipped: number },
  options: StageOptions,
): void {
  if (line.startsWith('@pass ')) counts.passed += 1;
  else if (line.startsWith('@skip ')) {
    counts.skipped += 1;
    options.say(`skipped: ${line.slice(6)}`);
  } else if (line.startsWith('@fail ')) {
    counts.failed += 1;
    options.say(`FAILED: ${line.slice(6)}`);
  } else options.say(line);
}
