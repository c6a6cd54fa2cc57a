import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeed } from './scenarios/scenario.ts';
import { wholeScenario } from './scenarios/whole.ts';

const seeds = 8;
const faultsMs = 60_000;

test(`whole: ${seeds} seeds of keepers, servers and agents as they ship`, async () => {
  const fired = new Map<string, number>();
  let acknowledged = 0;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const result = await runSeed(wholeScenario, seed, { faultsMs });
    acknowledged += result.acknowledged;
    for (const [what, count] of result.fired) fired.set(what, (fired.get(what) ?? 0) + count);
  }
  assert.ok(acknowledged > 200, `${acknowledged} messages`);
  for (const kind of ['kill', 'pause', 'power loss', 'cut', 'role changes', 'state compared'])
    assert.ok((fired.get(kind) ?? 0) > 0, `${kind} never happened`);
});

test('whole: the same seed is the same run', async () => {
  for (const seed of [1, 2]) {
    const [a, b] = [
      await runSeed(wholeScenario, seed, { faultsMs }),
      await runSeed(wholeScenario, seed, { faultsMs }),
    ];
    assert.equal(a.traceHash, b.traceHash);
  }
});
