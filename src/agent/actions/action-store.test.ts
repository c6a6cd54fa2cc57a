import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ActionOrder } from '../../model/action.ts';
import { silentLog } from '../../runtime/node/log.ts';
import { temporaryFolder, testAgentRuntime } from '../testing/test-agent-runtime.ts';
import { ActionStore, type Ending } from './action-store.ts';
import { whyNot, whySuperseded, type ActionRules } from './why-not.ts';

const node = '0190a6f4-0000-4000-8000-000000000002';
const runtime = { ...testAgentRuntime, log: silentLog };
const beginMs = Date.now();
const ending: Ending = { atMs: 2, result: 'done', exitCode: 0, because: 'exit code 0', cut: false };

function order(number: number, more: Partial<ActionOrder> = {}): ActionOrder {
  const id = `0190a6f4-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
  const askedMs = beginMs + 60_000;
  return {
    id,
    request: id,
    pool: node,
    node,
    nodeName: 'web01',
    tool: 'restart',
    parameters: {},
    command: ['/opt/tools/restart'],
    user: null,
    timeoutMs: 1_000,
    outputBytesMax: 0,
    askedMs,
    deadlineMs: askedMs + 60_000 + number,
    by: 'ann',
    from: { coreId: node, name: 'm1' },
    message: null,
    decision: null,
    ...more,
  };
}

test('what was begun is known after a restart, and that its end was not seen is told once', async () => {
  await using folder = temporaryFolder();
  const path = `${folder.path}/actions.db`;
  {
    using store = await ActionStore.open(runtime, path);
    store.started(order(1), 1);
    store.printed(order(1).id, [{ stream: 'stdout', text: 'hello' }]);
    store.started(order(2), 1);
    store.ended(order(2).id, ending);
  }
  for (const _ of ['first', 'second']) {
    using store = await ActionStore.open(runtime, path);
    assert.equal(store.knows(order(1).id), true);
    const { reports } = store.unsent(0);
    assert.deepEqual(
      reports.map(({ kind, number }) => `${kind} ${number}`),
      ['started 0', 'output 1', 'started 0', 'ended 1', 'ended 2'],
    );
    assert.equal(reports.at(-1)?.kind === 'ended' && reports.at(-1)?.action, order(1).id);
  }
  using store = await ActionStore.open(runtime, path);
  store.stored(store.unsent(0).seqs);
  assert.deepEqual(store.unsent(0).reports, []);
  assert.equal(store.knows(order(1).id), true);
});

test('what is forgotten is refused by its deadline, and what is older than the memory by its time', async () => {
  await using folder = temporaryFolder();
  const path = `${folder.path}/actions.db`;
  using store = await ActionStore.open(runtime, path, 8);
  for (let number = 1; number <= 10; number++) {
    store.started(order(number), 1);
    store.ended(order(number).id, ending);
    store.stored(store.unsent(0).seqs);
  }
  const forgotten = order(1);
  assert.equal(store.knows(forgotten.id), false);
  assert.match(store.whyForgotten(forgotten) ?? '', /older than what this agent remembers/);
  assert.equal(store.whyForgotten(order(1_000_000)), null);
  assert.match(
    store.whyForgotten({ ...forgotten, askedMs: 1 }) ?? '',
    /before the memory of this agent begins/,
  );
});

test('a damaged memory is moved aside, and begins anew', async () => {
  await using folder = temporaryFolder();
  const path = `${folder.path}/actions.db`;
  writeFileSync(path, 'this is no database, however long one looks at it. '.repeat(200));
  using store = await ActionStore.open(runtime, path);
  assert.match(store.whyForgotten({ ...order(1), askedMs: Date.now() - 1_000 }) ?? '', /may have been done/);
});

test('a former holder of a role is not obeyed, nor one who may not, nor for a path that goes back up', async () => {
  await using folder = temporaryFolder();
  using store = await ActionStore.open(runtime, `${folder.path}/actions.db`);
  const rules: ActionRules = {
    node,
    config: { programs: ['/opt/tools/*'] },
    managers: { rules: [], primary: null },
    isPrimary: () => false,
    whyNotFiles: () => null,
    whyForgotten: (asked) => store.whyForgotten(asked),
  };
  const decided = (epoch: number) => order(epoch, { decision: { role: 'acting', epoch } });
  const superseded = (epoch: number) => whySuperseded(decided(epoch), (role) => store.epochOf(role));
  assert.deepEqual([whyNot(decided(7), rules), superseded(7)], [null, null]);
  store.started(decided(7), 1);
  assert.match(superseded(6) ?? '', /former holder of role acting: epoch 6, and 7 was seen/);
  assert.equal(superseded(8), null);
  assert.match(whyNot(order(1, { node: order(1).id }), rules) ?? '', /another node is meant/);
  const up = order(1, { command: ['/opt/tools/../../bin/sh'] });
  assert.match(whyNot(up, rules) ?? '', /no plain path/);
});
