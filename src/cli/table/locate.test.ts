import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locate } from './locate.ts';

const paths = [['message', 'list'], ['message', 'show'], ['version']];
const valued = new Set(['--server']);
const find = (line: string) => locate(line.split(' ').filter(Boolean), paths, valued);

test('options before and between the words of a command move behind them', () => {
  assert.deepEqual(find('message list -x y'), {
    path: ['message', 'list'],
    args: ['message', 'list', '-x', 'y'],
  });
  const moved = 'message list --json --server list x'.split(' ');
  assert.deepEqual(find('--json message --server list list x').args, moved);
  assert.deepEqual(find('--server=a version').args, ['version', '--server=a']);
});

test('help before a command is help after it', () => {
  assert.deepEqual(find('help message list').args, ['message', 'list', '--help']);
  assert.deepEqual(find('help'), { path: null, args: ['--help'] });
});

test('what names no command stays as it is', () => {
  for (const line of ['', '--help', 'message', 'mesage list', 'message lst', '-- version', '--server'])
    assert.deepEqual(find(line), { path: null, args: line.split(' ').filter(Boolean) }, line);
});
