import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { runScript } from '../../sim/scripts/run-script.ts';
import { parseScript, scriptText } from '../../sim/scripts/script.ts';

const folder = import.meta.dirname;

/** `WK_REWRITE=1` writes down what is printed now. Commit it only if you know why it changed. */
const rewrites = process.env['WK_REWRITE'] === '1';
/** With `WK_WHOLE_HOURS=1` an hour lasts an hour, and a day a minute and a half on one core; else it lasts 30 s. */
const hourMs = process.env['WK_WHOLE_HOURS'] === '1' ? 3_600_000 : 30_000;

for (const file of readdirSync(folder).filter((name) => name.endsWith('.txt')))
  test(`scenario: ${basename(file, '.txt')}`, async () => {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    const script = parseScript(text);
    const now = scriptText(script, await runScript(basename(file, '.txt'), script, hourMs));
    if (rewrites) writeFileSync(path, now);
    else assert.equal(now, text);
  });

test('scenario: a block without its line is refused, and what is not known too', async () => {
  assert.throws(() => parseScript('pool servers=1\nrun 1s'), RangeError);
  const script = parseScript('pool servers=1\ndance\n----\n');
  await assert.rejects(runScript('dance', script), /no such command: dance/);
});
