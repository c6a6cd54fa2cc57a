import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ActionView, OutputPiece } from '../../../src/model/action-api.ts';
import { countStates, requestsOf, withActions, withPieces } from './action-state.ts';

function action(id: string, nodeName: string, state: ActionView['state'], request = 'r1'): ActionView {
  return {
    id,
    request,
    node: nodeName,
    nodeName,
    tool: 'uptime',
    parameters: {},
    command: ['/usr/bin/uptime'],
    user: null,
    by: 'ann',
    from: 'server-1',
    message: null,
    policy: null,
    decision: null,
    askedMs: 1,
    deadlineMs: 2,
    startedMs: null,
    endedMs: null,
    state,
    because: '',
    final: false,
    exitCode: null,
    cut: false,
  };
}
const piece = (number: number, text: string): OutputPiece => ({
  action: 'a',
  number,
  stream: 'stdout',
  text,
});

test('what is known later counts, each action once, by its node', () => {
  const now = withActions(
    [action('1', 'b', 'asked'), action('2', 'a', 'running')],
    [action('1', 'b', 'done'), action('3', 'c', 'failed')],
  );
  assert.deepEqual(
    now.map(({ nodeName, state }) => `${nodeName} ${state}`),
    ['a running', 'b done', 'c failed'],
  );
  assert.deepEqual(
    countStates(now).map(({ state, number }) => `${number} ${state}`),
    ['1 running', '1 done', '1 failed'],
  );
});

test('a piece that comes live and is read again is there once, at its place', () => {
  const pieces = withPieces([piece(1, 'a'), piece(3, 'c')], [piece(2, 'b'), piece(3, 'c')]);
  assert.equal(pieces.map(({ text }) => text).join(''), 'abc');
});

test('the newest request comes first', () => {
  const all = [
    action('1', 'a', 'done', 'r1'),
    action('2', 'a', 'done', 'r2'),
    action('3', 'b', 'done', 'r2'),
  ];
  assert.deepEqual(
    requestsOf(all).map(({ request, actions }) => `${request} ${actions.length}`),
    ['r2 2', 'r1 1'],
  );
});
