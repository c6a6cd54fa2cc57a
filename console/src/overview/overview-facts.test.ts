import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MessageView } from '../../../src/model/api.ts';
import type { Severity } from '../../../src/model/severity.ts';
import { bucketsOf, totalOf, worstOf } from './overview-facts.ts';

const message = (createdMs: number, severity: Severity, nodeName = 'a'): MessageView => ({
  id: `0190a6f4-0000-7000-8000-${createdMs.toString(16).padStart(12, '0')}`,
  createdMs,
  receivedMs: createdMs,
  severity,
  text: '',
  node: nodeName,
  nodeName,
  state: 'open',
  owner: null,
  annotations: 0,
  acknowledgedMs: null,
  acknowledgedBy: null,
});

test('each message of the time counts in one stretch, older ones in none', () => {
  const messages = [
    message(99, 'minor'),
    message(100, 'minor'),
    message(149, 'major'),
    message(150, 'major'),
  ];
  const buckets = bucketsOf(messages, 200, 50, 2);
  assert.deepEqual(
    buckets.map(({ fromMs, counts }) => [fromMs, counts.minor, counts.major, totalOf(counts)]),
    [
      [100, 1, 1, 2],
      [150, 0, 1, 1],
    ],
  );
});

test('the most urgent first, then the most, then by name', () => {
  const messages = [
    ...[1, 2, 3].map((at) => message(at, 'warning', 'many')),
    message(4, 'critical', 'b'),
    message(5, 'normal', 'b'),
    message(6, 'critical', 'a'),
    message(7, 'critical', 'a'),
    message(8, 'normal', 'quiet'),
  ];
  assert.deepEqual(
    worstOf(messages, ({ nodeName }) => nodeName, 3).map(({ name, count, worst }) => [name, count, worst]),
    [
      ['a', 2, 'critical'],
      ['b', 2, 'critical'],
      ['many', 3, 'warning'],
    ],
  );
});
