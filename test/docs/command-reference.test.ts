import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root } from '../runner/run-program.ts';
import { commandReference } from './command-reference.ts';

test('docs/commands.md is what the program says of itself; node test/write-docs.ts writes it anew', async () => {
  assert.equal(readFileSync(path.join(root, 'docs/commands.md'), 'utf8'), await commandReference());
});
