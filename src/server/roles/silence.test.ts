import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silenceStep, type SilenceInput, type SilenceState } from './silence.ts';

const node = { coreId: '00000000-0000-4000-8000-000000000001', name: 'web1' };
const none: ReadonlySet<string> = new Set();
const here = new Set([node.coreId]);

function input(over: Partial<SilenceInput>): SilenceInput {
  return { nodes: [node], connected: none, reported: none, open: none, ...over };
}

test('a node is raised once it was missed for 30 s, and not again while that stands', () => {
  let state: SilenceState = new Map();
  let verdicts;
  [state, verdicts] = silenceStep(state, input({}), 0);
  assert.deepEqual(verdicts, []);
  [state, verdicts] = silenceStep(state, input({}), 29_999);
  assert.deepEqual(verdicts, []);
  [state, verdicts] = silenceStep(state, input({}), 30_000);
  assert.deepEqual(verdicts, [
    { do: 'raise', node: node.coreId, name: 'web1', because: 'not heard for 30 s' },
  ]);
  [, verdicts] = silenceStep(state, input({ reported: here, open: here }), 90_000);
  assert.deepEqual(verdicts, []);
});

test('a node that an operator acknowledged while it is silent is not raised again', () => {
  const [state] = silenceStep(new Map(), input({}), 0);
  const [, verdicts] = silenceStep(state, input({ reported: here }), 90_000);
  assert.deepEqual(verdicts, []);
});

test('a node that is back has its open message closed and starts afresh', () => {
  const [state, verdicts] = silenceStep(
    new Map([[node.coreId, 0]]),
    input({ connected: here, open: here }),
    40_000,
  );
  assert.deepEqual(verdicts, [{ do: 'close', node: node.coreId, because: 'node is connected again' }]);
  assert.equal(state.size, 0);
});

test('after a takeover every node has the whole time anew', () => {
  const [state, verdicts] = silenceStep(new Map(), input({}), 1_000_000);
  assert.deepEqual(verdicts, []);
  assert.equal(state.get(node.coreId), 1_000_000);
});
