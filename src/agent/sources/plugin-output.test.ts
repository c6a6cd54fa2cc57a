import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandResult } from '../../runtime/commands.ts';
import { readPlugin } from './plugin-output.ts';

const ended = (stdout: string, exitCode: number | null = 0, timedOut = false): CommandResult => ({
  exitCode,
  timedOut,
  stdout,
  stderr: 'said on stderr',
  cut: false,
});
const read = (stdout: string, exitCode: number | null = 0, timedOut = false) =>
  readPlugin(ended(stdout, exitCode, timedOut), 5_000);

test('the exit code alone decides about the state', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 126, null].map((exitCode) => read('x', exitCode).state),
    ['ok', 'warning', 'critical', 'unknown', 'unknown', 'unknown', 'unknown'],
  );
  assert.equal(read('', 127).text, 'exit code 127: said on stderr');
  assert.equal(read('', 0).text, 'exit code 0 without a text');
  assert.deepEqual(
    [read('late', null, true).state, read('late', null, true).text],
    ['unknown', 'no answer within 5000 ms: late'],
  );
});

test('text, more text and performance data are told apart', () => {
  const result = read(
    "DISK OK - fine | 'load one'=0.42;5;10;0 rta=1.5ms\nline two\nline three | used=3%\nfree=4GB;;;0\n",
  );
  assert.equal(result.text, 'DISK OK - fine');
  assert.equal(result.details, 'line two\nline three');
  assert.deepEqual(result.performance, { 'load one': '0.42', rta: '1.5ms', used: '3%', free: '4GB' });
});

test('performance data in the wild', () => {
  assert.deepEqual(read("x|'it''s'=1").performance, { "it's": '1' });
  assert.deepEqual(read('x | a=U;;;').performance, { a: 'U' });
  assert.deepEqual(read('x | a=1,5 b=1e-05s =3 c d=').performance, { a: '1.5', b: '1e-05s' });
  assert.deepEqual(read('no data').performance, {});
  assert.deepEqual(read('a|b=1|c=2').performance, {});
});

test('a hostile output is read in time', () => {
  const startedMs = performance.now();
  read(`x | ${"'".repeat(60_000)}`);
  read(`x | ${'a=1'.repeat(20_000)}`);
  read(`x | ${"''=".repeat(20_000)}`);
  assert.ok(performance.now() - startedMs < 1_000);
});
