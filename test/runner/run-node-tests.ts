import { globSync } from 'node:fs';
import path from 'node:path';
import { root, runProgram } from './run-program.ts';
import type { Counts, StageOptions } from './stage.ts';

/** No test of ours takes longer, however busy the machine. */
const testMsMax = 300_000;

export interface NodeTests {
  readonly patterns: readonly string[];
  readonly timeoutMs: number;
  /** Test files that run side by side. */
  readonly concurrency: number;
  readonly environment?: Readonly<Record<string, string>>;
}

interface Failure {
  /** The name of the test and its place. */
  readonly test: string;
  readonly file: string | null;
  readonly story: string[];
}

interface Outcome extends Counts {
  readonly failures: readonly Failure[];
}

/** What the waiting helpers of our tests say when time is up, and Node of a test as a whole. */
const tooSlow = /not within \d+ ms|median \d+ ms|test timed out/;

/**
 * Runs test files with `node --test`, says failures as they come and counts what passed, failed and was skipped. What
 * only took too long is tried once more with nothing beside it, since the machine may have been busy, and said
 * to be so; what was wrong stays wrong.
 */
export async function runNodeTests(tests: NodeTests, options: StageOptions): Promise<Counts> {
  const files = tests.patterns.flatMap((pattern) => globSync(pattern, { cwd: root })).sort();
  if (files.length === 0) {
    options.say(`no test files match ${tests.patterns.join(', ')}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const first = await runFiles(files, tests, options);
  let { passed, failed } = first;
  for (const file of new Set(first.failures.map((failure) => failure.file))) {
    const failures = first.failures.filter((failure) => failure.file === file);
    if (file === null || !failures.every(({ story }) => tooSlow.test(story.join('\n')))) continue;
    options.say(`once more, alone: ${path.relative(root, file)}`);
    const again = await runFiles([file], { ...tests, concurrency: 1 }, options);
    if (again.failed > 0) continue;
    for (const { test } of failures) options.say(`passed alone, the first time it was too slow: ${test}`);
    passed += failures.length;
    failed -= failures.length;
  }
  return { passed, failed, skipped: first.skipped };
}

async function runFiles(files: readonly string[], tests: NodeTests, options: StageOptions): Promise<Outcome> {
  const counts = { passed: 0, failed: 0, skipped: 0, failures: [] as Failure[] };
  const progress = setInterval(() => options.say(`${counts.passed} passed so far …`), 15_000);
  const exitCode = await runProgram({
    file: process.execPath,
    args: [
      '--test',
      // A test that failed may have left a connection open, and its file would never end.
      '--test-force-exit',
      `--test-timeout=${testMsMax}`,
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
  counts: { passed: number; failed: number; skipped: number; failures: Failure[] },
  options: StageOptions,
): void {
  if (line.startsWith('@pass ')) counts.passed += 1;
  else if (line.startsWith('@skip ')) {
    counts.skipped += 1;
    options.say(`skipped: ${line.slice(6)}`);
  } else if (line.startsWith('@fail ')) {
    counts.failed += 1;
    const test = line.slice(6);
    counts.failures.push({
      test,
      file: /\((?<file>\/.*):\d+\)$/.exec(test)?.groups?.['file'] ?? null,
      story: [],
    });
    options.say(`FAILED: ${test}`);
  } else {
    // The story of a failure follows its line, indented.
    if (line.startsWith('    ')) counts.failures.at(-1)?.story.push(line);
    options.say(line);
  }
}
