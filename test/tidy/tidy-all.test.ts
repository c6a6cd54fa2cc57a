import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repositoryOf } from './repository.ts';
import { rules, tidyAll } from './tidy-all.ts';

/** For each rule a repository that breaks it, and what it must say. A rule that has no case here is not proved. */
const broken: Readonly<Record<string, readonly [files: Record<string, string>, expected: RegExp][]>> = {
  directions: [
    [{ 'src/model/a.ts': `import { b } from '../link/b.ts';\n` }, /a\.ts:1 model may not import link/],
    [{ 'src/agent/a.ts': `const b = await import('../server/b.ts');\n` }, /agent may not import server/],
    [{ 'src/server/a.ts': `import { b } from '../../sim/b.ts';\n` }, /src may not import sim\/b\.ts/],
    [{ 'src/server/a.ts': `import { nodeClock } from '../runtime/node/clock.ts';\n` }, /take a port/],
    [{ 'src/server/a.ts': `import { b } from './test-b.ts';\n` }, /test-b\.ts is for tests only/],
    [{ 'src/new/a.ts': `import { b } from '../model/b.ts';\n` }, /src\/new is not in mayImport/],
  ],
  dependencies: [
    [{ 'src/link/a.ts': `import { WebSocket } from 'ws';\n` }, /ws is not in package\.json/],
    [
      {
        'package.json': '{"dependencies":{"ws":"8"}}',
        'src/link/a.ts': `import type { WebSocket } from 'ws';\n`,
      },
      /ws belongs in src\/runtime\/node only/,
    ],
    [{ 'package.json': '{"dependencies":{"zod":"4"}}' }, /nothing imports zod/],
  ],
  'one door to the outside': [
    [{ 'src/link/a.ts': 'const now = Date.now();\n' }, /a\.ts:1 Date\.now is banned; use clock\.wallMs/],
    [{ 'src/link/a.ts': 'x(`at ${new Date()}`);\n' }, /new Date\(\) is banned/],
    [{ 'src/link/a.ts': `import { readFileSync } from 'node:fs';\n` }, /node:fs.*is banned/],
    [
      { 'src/link/a.ts': `import type { Socket } from 'node:net';\nimport x from 'node:tls';\n` },
      /a\.ts:\d.*node:tls/,
    ],
    [{ 'src/server/a.ts': `const dir = process.env['HOME'];\n` }, /process\.env is banned/],
    [{ 'sim/a.ts': 'setTimeout(run, 1);\n' }, /setTimeout is banned/],
  ],
  'no barrels': [
    [{ 'src/link/index.ts': '' }, /name it after what it exports/],
    [{ 'src/link/a.ts': `export { b } from './b.ts';\n` }, /re-exports/],
    [{ 'src/link/a.ts': `export * from './b.ts';\n` }, /re-exports/],
  ],
  'file names': [[{ 'src/link/aFile.ts': '' }, /aFile\.ts is not written in lower case/]],
  'file sizes': [[{ 'src/link/a.ts': 'a;\n'.repeat(401) }, /401 lines, at most 400/]],
  'function sizes': [
    [
      { 'src/link/a.ts': `export function long(\n  a: string,\n): void {\n${'  a;\n'.repeat(68)}}\n` },
      /long has 72 lines/,
    ],
    [
      { 'src/link/a.ts': `class A {\n  async #long(): Promise<void> {\n${'    a;\n'.repeat(69)}  }\n}\n` },
      /#long has 71/,
    ],
    [
      { 'src/link/a.ts': `const long = (a: string): void => {\n${'  a;\n'.repeat(70)}};\n` },
      /long has 72 lines/,
    ],
  ],
  words: [
    [{ 'docs/a.md': 'Later: TODO write this.\n' }, /write an issue/],
    [{ 'docs/a.md': 'See `/root/x`.\n' }, /a path of one machine/],
  ],
  'error codes': [
    [{ 'src/model/errors.ts': 'WK_OLD: 1' }, /nothing uses WK_OLD/],
    [{ 'src/link/a.ts': `throw new WatchError('WK_NEW');` }, /lacks WK_NEW/],
  ],
  architecture: [
    [{}, /ARCHITECTURE\.md is missing/],
    [{ 'ARCHITECTURE.md': '# All\n', 'src/link/a.ts': '' }, /does not name link\//],
  ],
  'dead files': [
    [
      { 'src/link/a.ts': '', 'src/link/a.test.ts': `import { a } from './a.ts';\n` },
      /a\.ts is imported by nothing/,
    ],
  ],
  lockfile: [
    [{}, /package-lock\.json is missing/],
    [
      {
        'package-lock.json':
          '{"packages":{"node_modules/a":{"optionalDependencies":{"@a/linux-x64-gnu":"1","@a/win32-x64":"1"}},"node_modules/@a/linux-x64-gnu":{}}}',
      },
      /^package-lock\.json lacks @a\/win32-x64: run node test\/complete-lockfile\.ts$/,
    ],
  ],
  supply: [
    [{}, /package-lock\.json is missing/],
    [
      {
        'package-lock.json':
          '{"packages":{"node_modules/a":{"version":"1","hasInstallScript":true,"integrity":"sha512-AA=="}}}',
      },
      /^package-lock\.json: node_modules\/a has an install script$/,
    ],
    [
      { 'package-lock.json': '{"packages":{"node_modules/a":{"version":"1"}}}' },
      /node_modules\/a has no checksum/,
    ],
    [
      {
        'package-lock.json': JSON.stringify({
          packages: {
            '': { dependencies: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`p${i}`, '1'])) },
            ...Object.fromEntries(
              Array.from({ length: 121 }, (_, i) => [
                `node_modules/p${i}`,
                { version: '1', integrity: 'sha512-AA==' },
              ]),
            ),
          },
        }),
      },
      /21 runtime packages, at most 20/,
    ],
  ],
  links: [
    [{ 'README.md': 'See [this](docs/none.md).\n' }, /docs\/none\.md leads nowhere/],
    [{ 'README.md': '# One\n\nSee [this](#two).\n' }, /no such heading/],
  ],
};

for (const rule of rules)
  test(`${rule.name}: finds what breaks it`, () => {
    const cases = broken[rule.name] ?? [];
    assert.ok(cases.length > 0, 'a rule without a case that breaks it is not proved');
    for (const [files, expected] of cases) assert.match(rule.check(repositoryOf(files)).join('\n'), expected);
  });

test('a tidy repository has no findings', () => {
  const repository = repositoryOf({
    'package.json': '{"dependencies":{"zod":"4"},"devDependencies":{"typescript":"7"}}',
    'package-lock.json': '{"packages":{}}',
    'ARCHITECTURE.md': '# House\n\n`model/` and `link/`; see [more](docs/more.md#two-words).\n',
    'docs/more.md': '# More\n\n## Two words\n\n```md\n[not](a/link.md)\n```\n',
    'src/model/errors.ts': `export const table = { WK_X: 'x' };\n`,
    'src/model/text.ts': `/** Never Date.now() or setTimeout here; // not even this. */\nexport const text = 'process.env and Date.now()';\n`,
    'src/link/a.ts': `import type { Server } from 'node:http';\nimport { z } from 'zod';\nimport { table } from '../model/errors.ts';\nimport { text } from '../model/text.ts';\nexport const a = (s: Server): unknown => [s, z, table.WK_X, text, /'"\`/.test(text), new Date(5)];\n`,
    'src/link/b.test.ts': `import { a } from './a.ts';\nsetTimeout(a, Date.now());\n`,
    'test/c.ts': `import { a } from '../src/link/a.ts';\nconsole.log(a);\n`,
  });
  assert.deepEqual(
    tidyAll(repository).filter(({ findings }) => findings.length > 0),
    [],
  );
});
