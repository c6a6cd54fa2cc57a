import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionOrderSchema } from '../../model/action.ts';
import { resultAnnotation } from './result-annotation.ts';

const [here, there, message, id] = [1, 2, 3, 4].map((at) => `00000000-0000-7000-8000-00000000000${at}`);
const order = actionOrderSchema.parse({
  id,
  request: id,
  pool: here,
  node: there,
  nodeName: 'db01',
  tool: 'look',
  parameters: {},
  command: ['/bin/ls'],
  user: null,
  timeoutMs: 1_000,
  outputBytesMax: 1_000,
  askedMs: 0,
  deadlineMs: 1,
  by: 'ann',
  from: { coreId: here, name: 'm1' },
  message,
  decision: null,
});
const ended = {
  number: 1,
  action: id,
  atMs: 1,
  kind: 'ended',
  result: 'done',
  because: 'exit code 0',
  exitCode: 0,
  cut: false,
} as const;
const printed = [
  { action: id ?? '', number: 1, stream: 'stdout', text: 'secrets of db01', atMs: 1 },
] as const;
const textAt = (node: string | null): string =>
  resultAnnotation({ ...order, message: message ?? '' }, node, { ...ended, action: id ?? '' }, printed, 1)
    .text ?? '';

test('what was printed on the node of the message is told there', () => {
  assert.match(textAt(there ?? ''), /on db01: done.*secrets of db01/s);
});

test('who may see a message is told nothing of another node', () => {
  for (const node of [here ?? '', null]) {
    assert.match(textAt(node), /on another node: done/);
    assert.doesNotMatch(textAt(node), /db01/);
  }
});
