import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journalScenario } from './scenarios/journal.ts';
import { runSeed, SeedFailure } from './scenarios/scenario.ts';
import { mutants } from './mutants/mutants.ts';

const seeds = 50;
const faultsMs = 10_000;

test(`journal: ${seeds} seeds lose nothing and come to one state`, async () => {
  const fired = new Map<string, number>();
  for (let seed = 1; seed <= seeds; seed += 1) {
    const result = await runSeed(journalScenario, seed, { faultsMs });
    for (const [what, count] of result.fired) fired.set(what, (fired.get(what) ?? 0) + count);
  }
  for (const kind of ['kill', 'pause', 'power loss', 'isolate', 'one-way cut', 'half open', 'state compared'])
    assert.ok((fired.get(kind) ?? 0) > 0, `${kind} never happened`);
});

test('journal: the same seed is the same run', async () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const [a, b] = [
      await runSeed(journalScenario, seed, { faultsMs }),
      await runSeed(journalScenario, seed, { faultsMs }),
    ];
    assert.equal(a.traceHash, b.traceHash);
    assert.equal(a.events, b.events);
  }
});

for (const { name } of mutants.filter(({ scenario }) => scenario === 'journal'))
  test(`journal: a planted bug is found: ${name}`, async (context) => {
    for (let seed = 1; seed <= seeds; seed += 1) {
      try {
        await runSeed(journalScenario, seed, { faultsMs, mutant: name });
      } catch (error) {
        assert.ok(error instanceof SeedFailure);
        return context.diagnostic(`found by seed ${seed}: ${error.message}`);
      }
    }
    assert.fail(`${seeds} seeds did not find it`);
  });
