import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Outcome, Task } from './outcome.ts';
import { recordOf, ResultsFile } from './results-file.ts';

const task = (seed: number): Task => ({
  scenario: 'whole',
  seed,
  faultsMs: 60_000,
  verbose: false,
  mutant: null,
  plan: null,
});
const passed: Outcome = {
  kind: 'passed',
  cpuMs: 1_500.4,
  result: {
    scenario: 'whole',
    seed: 1,
    traceHash: 'abcd',
    events: 9,
    simulatedMs: 61_000,
    acknowledged: 100,
    faults: 3,
    fired: new Map([['kill', 3]]),
  },
};

test('a long run goes on where it was, also after a kill in the middle of a line', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-results-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'results.jsonl');
  const first = new ResultsFile(path);
  assert.equal(first.has(task(1)), false);
  first.add(recordOf('c0ffee', task(1), passed));
  const whole = readFileSync(path, 'utf8');
  appendFileSync(path, '{"kind":"passed","comm');

  const again = new ResultsFile(path);
  assert.equal(again.has(task(1)), true);
  assert.equal(again.has(task(2)), false);
  assert.equal(again.has({ ...task(1), faultsMs: 120_000 }), false);
  assert.deepEqual(again.records, first.records);
  assert.equal(readFileSync(path, 'utf8'), whole);
});

test('a file of something else is refused with its line', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-results-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'results.jsonl');
  writeFileSync(path, '{"kind":"other"}\n');
  assert.throws(() => new ResultsFile(path), /results\.jsonl:1 is no result of a run/);
});
