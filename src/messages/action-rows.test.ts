import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { ActionOrder, ActionReport } from '../model/action.ts';
import { actionState } from '../model/action-state.ts';
import { nodeDatabases } from '../runtime/node/database.ts';
import { ActionRows } from './action-rows.ts';
import { createMessageTables } from './tables.ts';
import { testFolder } from './testing/test-store.ts';

const folder = testFolder();
let opened = 0;
after(() => folder.remove());

const node = '0190a6f4-0000-4000-8000-000000000002';
const stranger = '0190a6f4-0000-4000-8000-000000000003';

function idOf(number: number): string {
  return `0190a6f4-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

function order(number: number): ActionOrder {
  return {
    id: idOf(number),
    request: idOf(1),
    pool: node,
    node,
    nodeName: 'web01',
    tool: 'restart',
    parameters: {},
    command: ['/bin/true'],
    user: null,
    timeoutMs: 1_000,
    outputBytesMax: 0,
    askedMs: 1,
    deadlineMs: 10_000,
    by: 'ann',
    from: { coreId: stranger, name: 'm1' },
    message: null,
    decision: null,
  };
}

function open(): ActionRows {
  const database = nodeDatabases.open(`${folder.path}/${++opened}.db`, {
    synchronous: 'normal',
    busyMs: 100,
  });
  createMessageTables(database);
  return new ActionRows(database);
}

function ask(rows: ActionRows, ...numbers: number[]): void {
  const actions = numbers.map((number) => ({ order: JSON.stringify(order(number)), signature: 'signature' }));
  rows.asked({ certificate: 'pem', actions });
}

const action = idOf(1);
const started: ActionReport = { kind: 'started', action, number: 0, atMs: 5 };
const output: ActionReport = { kind: 'output', action, number: 1, stream: 'stdout', text: 'hello' };
const ended: ActionReport = {
  kind: 'ended',
  action,
  number: 2,
  atMs: 9,
  result: 'done',
  exitCode: 0,
  because: 'exit code 0',
  cut: false,
};

test('in whatever order it comes, and however often, it comes to the same', () => {
  const steps: ((rows: ActionRows) => void)[] = [
    (rows) => ask(rows, 1),
    (rows) => rows.told({ node, reports: [started] }),
    (rows) => rows.told({ node, reports: [output] }),
    (rows) => rows.told({ node, reports: [ended, output] }),
  ];
  const orders = steps.flatMap((_, at) => [
    [...steps.slice(at), ...steps.slice(0, at)],
    [...steps.slice(at), ...steps.slice(0, at)].toReversed(),
  ]);
  for (const order of orders) {
    const rows = open();
    for (const step of [...order, ...order]) step(rows);
    const record = rows.get(action) ?? assert.fail();
    assert.deepEqual([record.started?.atMs, record.ended?.result], [5, 'done']);
    assert.deepEqual(
      rows.output(record.order, 0, 10).map(({ text }) => text),
      ['hello'],
    );
    assert.deepEqual(rows.openOf(node), []);
  }
});

test('what a node tells of the actions of another counts for nothing', () => {
  const rows = open();
  ask(rows, 1);
  rows.told({ node: stranger, reports: [ended, { ...output, text: 'forged' }] });
  const record = rows.get(action) ?? assert.fail();
  assert.deepEqual([record.ended, rows.output(record.order, 0, 10)], [null, []]);
  assert.equal(rows.openOf(node).length, 1);
});

test('reports of what nobody was asked to do do not pile up', () => {
  const rows = open();
  for (let number = 1; number <= 600; number++)
    rows.told({ node, reports: [{ ...started, action: idOf(number) }] });
  ask(rows, 1, 600);
  assert.equal(rows.get(idOf(1))?.started, null);
  assert.equal(rows.get(idOf(600))?.started?.atMs, 5);
});

test('the oldest of a node go when there are too many, and a page says where the next one begins', () => {
  const rows = open();
  ask(rows, ...Array.from({ length: 250 }, (_, at) => at + 1));
  assert.equal(rows.list({ limit: 1_000 }).length, 200);
  assert.equal(rows.get(idOf(50)), null);
  const page = rows.list({ node, before: idOf(100), limit: 2 });
  assert.deepEqual(
    page.map(({ order: { id } }) => id),
    [idOf(99), idOf(98)],
  );
  assert.deepEqual(rows.list({ request: idOf(2), limit: 10 }), []);
});

test('a silent node leaves it unknown, for as long as it is silent', () => {
  const known = { order: order(1), started: null, ended: null };
  const begun = { ...known, started: { atMs: 5 } };
  const at = (record: typeof known | typeof begun, nowMs: number) => actionState(record, nowMs).state;
  assert.deepEqual([at(known, 10_000), at(known, 20_001)], ['asked', 'unknown']);
  assert.deepEqual([at(begun, 20_001), at(begun, 21_001)], ['running', 'unknown']);
  assert.equal(actionState(known, 20_001).final, false);
});

test('of two orders with one ID that of the later holder stays, whichever comes first', () => {
  const decided = (epoch: number) => ({ ...order(1), decision: { role: 'acting', epoch } });
  const asked = (rows: ActionRows, ...epochs: number[]) => {
    for (const epoch of epochs)
      rows.asked({
        certificate: `of ${epoch}`,
        actions: [{ order: JSON.stringify(decided(epoch)), signature: 'signature' }],
      });
    return rows.openOf(node).map(({ order: one, signed }) => [one.decision?.epoch, signed.certificate]);
  };
  assert.deepEqual(asked(open(), 1, 2), [[2, 'of 2']]);
  const rows = open();
  assert.deepEqual(asked(rows, 2, 1), [[2, 'of 2']]);
  assert.deepEqual([rows.openBelow('acting', 2).length, rows.openBelow('acting', 3).length], [0, 1]);
  rows.told({ node, reports: [ended] });
  assert.deepEqual(asked(rows, 3), [], 'what has ended stays so');
  assert.equal(rows.openBelow('acting', 9).length, 0);
});
