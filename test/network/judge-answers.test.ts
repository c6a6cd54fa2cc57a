import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inTurn, silenceMs, twoHosts, type HostAnswer } from './judge-answers.ts';

function every20(host: string, fromMs: number, untilMs: number): HostAnswer[] {
  const answers: HostAnswer[] = [];
  for (let atMs = fromMs; atMs < untilMs; atMs += 20)
    answers.push({ host, by: 'tcp', sentMs: atMs, heardMs: atMs + 1 });
  return answers;
}

test('one after the other is one at a time, also at the seam and when it comes back later', () => {
  const answers = [...every20('a', 0, 1_000), ...every20('b', 990, 3_000), ...every20('a', 3_010, 4_000)];
  assert.deepEqual(twoHosts(answers), []);
  assert.deepEqual(inTurn(answers), ['a', 'b', 'a']);
});

test('a host that answers once more after another one has begun is found', () => {
  const answers = [...every20('a', 0, 1_000), ...every20('b', 1_005, 3_000)];
  for (const againMs of [1_050, 1_800, 2_900])
    assert.notEqual(
      twoHosts([...answers, { host: 'a', by: 'arp', sentMs: againMs, heardMs: againMs + 1 }]).length,
      0,
      `at ${againMs}`,
    );
});

test('an answer that was on its way while the other began proves nothing', () => {
  const late: HostAnswer = { host: 'a', by: 'tcp', sentMs: 995, heardMs: 1_020 };
  const answers = [...every20('a', 0, 990), late, ...every20('b', 1_000, 1_500)];
  assert.deepEqual(twoHosts(answers.filter(({ sentMs }) => sentMs < 1_015)), []);
});

test('the silence is the longest gap, the edges included', () => {
  assert.equal(silenceMs([0, 10, 20, 320, 330], 5, 335), 300);
  assert.equal(silenceMs([], 0, 500), 500);
});
