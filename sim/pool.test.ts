import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mutants } from './mutants/mutants.ts';
import { poolScenario } from './scenarios/pool.ts';
import { runSeed, SeedFailure } from './scenarios/scenario.ts';

const seeds = 50;
/** A planted bug shows only where the right faults meet it; the search ends with the seed that finds it. */
const seedsToFind = 300;
/** Where a rare one was found last: looked at first, which saves a minute until some change moves it elsewhere. */
const foundLast: Readonly<Record<string, number>> = { 'the promise of a majority': 215 };
const faultsMs = 20_000;
const keptInOutage = 'roles were kept while the coordinator was away';

test(`pool: in ${seeds} seeds no role is held twice and each is held in the end`, async () => {
  const fired = new Map<string, number>();
  for (let seed = 1; seed <= seeds; seed += 1) {
    const result = await runSeed(poolScenario, seed, { faultsMs });
    for (const [what, count] of result.fired) fired.set(what, (fired.get(what) ?? 0) + count);
  }
  for (const kind of [
    'kill',
    'pause',
    'freeze',
    'isolate',
    'one-way cut',
    'clock jump',
    'outage',
    'role changes',
    'an operator: move',
    'an operator: pin',
    'an operator: failback',
    keptInOutage,
  ])
    assert.ok((fired.get(kind) ?? 0) > 0, `${kind} never happened`);
});

test('pool: the same seed is the same run', async () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const [a, b] = [
      await runSeed(poolScenario, seed, { faultsMs }),
      await runSeed(poolScenario, seed, { faultsMs }),
    ];
    assert.equal(a.traceHash, b.traceHash);
  }
});

for (const { name } of mutants.filter(({ scenario }) => scenario === 'pool'))
  test(`pool: a planted bug is found: ${name}`, async (context) => {
    const first = foundLast[name] ?? 1;
    for (const seed of [first, ...Array.from({ length: seedsToFind }, (_, i) => i + 1)]) {
      try {
        await runSeed(poolScenario, seed, { faultsMs, mutant: name });
      } catch (error) {
        assert.ok(error instanceof SeedFailure);
        return context.diagnostic(`found by seed ${seed}: ${error.message}`);
      }
    }
    assert.fail(`${seedsToFind} seeds did not find it`);
  });
