import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { root } from '../runner/run-program.ts';

const contract =
  /^(DISK|LOAD) (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+( \| ([\w]+=[\d.]+[%\w]*(;\d*){0,4} ?)+)?\n$/;

const cases: readonly [command: string, exitCode: number][] = [
  ['check_disk -w 100 -c 101 /', 0],
  ['check_disk -w 0 -c 101 /', 1],
  ['check_disk -c 0 /', 2],
  ['check_disk /no/such/path', 3],
  ['check_disk -x', 3],
  ['check_disk -w many', 3],
  ['check_load -w 10000 -c 10000', 0],
  ['check_load -w 0 -c 10000', 1],
  ['check_load -w 0 -c 0', 2],
  ['check_load -w high', 3],
];

for (const [command, exitCode] of cases)
  test(`plugin: ${command} ends with ${exitCode} and one line by the contract`, () => {
    const [name = '', ...args] = command.split(' ');
    const { status, stdout, stderr } = spawnSync(path.join(root, 'plugins', name), args, {
      encoding: 'utf8',
    });
    assert.equal(status, exitCode);
    assert.match(stdout, contract);
    assert.equal(exitCode === 3 ? '' : stderr, '');
  });
