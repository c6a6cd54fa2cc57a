import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainLines } from './plain-lines.ts';
import { message, testView } from './test-view.ts';

const words = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/^\S+ /, ''));

test('the first view is told whole', () => {
  const lines = words(plainLines(null, testView()));
  assert.ok(lines.includes('server server-1: offline, no sign of life for 3 s'), lines.join('\n'));
  assert.ok(lines.includes('acting: server-2, epoch 2, holder lost its session'));
  assert.ok(lines.includes('copies: at risk, server-1 is away'));
  assert.ok(lines.includes('message critical node-1: disk full [31m on /'));
});

test('after that only what changed', () => {
  const before = testView();
  assert.deepEqual(plainLines(before, testView({ nowMs: before.nowMs + 1_000 })), []);
  const after = testView({ messages: [message('minor', 'new'), ...before.messages] });
  assert.deepEqual(words(plainLines(before, after)), ['message minor node-1: new']);
});
