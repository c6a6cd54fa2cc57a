import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

/** What agents use of this folder. */
const entries = ['key-pair.ts', 'proof.ts', 'identity-file.ts', 'certificate-info.ts', 'join-token.ts'];

function importsOf(file: URL, seen = new Map<string, string[]>()): Map<string, string[]> {
  if (seen.has(file.href)) return seen;
  const names = [...readFileSync(file, 'utf8').matchAll(/^import (?!type).*?from '([^']+)'/gms)].map(
    ([, name = '']) => name,
  );
  seen.set(file.href, names);
  for (const name of names) if (name.startsWith('.')) importsOf(new URL(name, file), seen);
  return seen;
}

test('what agents need of security loads no X.509 library: it would cost each of them megabytes', () => {
  for (const entry of entries)
    for (const [file, names] of importsOf(new URL(entry, import.meta.url)))
      assert.ok(!names.some((name) => /peculiar|reflect/.test(name)), `${entry} loads it by ${file}`);
});
