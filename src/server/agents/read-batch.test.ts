import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fold } from '../../journal/body.ts';
import { codeOf, textOf } from '../../model/errors.ts';
import { readBatch } from './read-batch.ts';

const node = { node: '0192d3a0-0000-4000-8000-000000000001', nodeName: 'web1' };
const good = {
  id: '0192d3a0-0000-7000-8000-000000000001',
  createdMs: 1,
  severity: 'major',
  text: 'disk full',
};
const batch = (messages: readonly unknown[]): Uint8Array => fold({ ...node, messages });
const thrown = (bytes: Uint8Array): string => {
  try {
    readBatch(bytes);
  } catch (error) {
    return `${codeOf(error)} ${textOf(error)}`;
  }
  return 'nothing';
};
const many = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'v']));

test('the good messages of a batch are taken, and each bad one is told with its place and the reason', () => {
  const read = readBatch(batch([good, { ...good, severity: 'loud' }, 7, { ...good, more: 1 }]));
  assert.deepEqual(read.messages, [good]);
  assert.deepEqual(
    read.refused.map(({ index, text }) => [index, text.split(':')[0]]),
    [
      [1, 'severity'],
      [2, 'message'],
      [3, 'message'],
    ],
  );
});

test('a message with thousands of fields or attributes is refused without looking at each', () => {
  const { messages, refused } = readBatch(
    batch([{ ...good, ...many(20_000) }, { ...good, attributes: many(20_000) }, good]),
  );
  assert.equal(messages.length, 1);
  assert.deepEqual(
    refused.map(({ text }) => text),
    ['message: it has more fields than there are', 'attributes: more than 64 attributes'],
  );
});

test('a batch in which more is bad than can be told, or which is none, is refused as a whole', () => {
  assert.match(thrown(batch(Array.from({ length: 5_000 }, () => ({})))), /^WK_BAD_REQUEST more than 1170 /);
  assert.match(thrown(batch([])), /^WK_BAD_REQUEST messages: messages: /);
  assert.match(thrown(fold({ ...node, nodeName: '', messages: [good] })), /^WK_BAD_REQUEST .*nodeName/);
  assert.match(thrown(Buffer.from('plain')), /^WK_BAD_REQUEST .*zstd/);
  assert.match(thrown(fold('x'.repeat(3_000_000))), /^WK_TOO_LARGE /);
});
