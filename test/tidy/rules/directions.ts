import { importsOf, type Import } from '../imports.ts';
import { finding, isCode, isTest } from '../repository.ts';
import type { Rule } from '../rule.ts';

/** What each folder of src may import besides itself. A folder that is not here has no place yet: give it one. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  model: [],
  runtime: ['model'],
  'flexible-management': ['model'],
  policies: ['model', 'flexible-management'],
  depot: ['model', 'runtime'],
  security: ['model', 'runtime', 'coordination'],
  access: ['model', 'runtime', 'coordination', 'security', 'journal'],
  link: ['model', 'runtime', 'flexible-management'],
  coordination: ['model', 'runtime'],
  journal: ['model', 'runtime', 'link'],
  messages: ['model', 'runtime', 'link', 'journal'],
  definitions: ['model', 'runtime', 'policies', 'coordination', 'flexible-management', 'security'],
  carriers: ['model', 'runtime'],
  pool: ['model', 'runtime', 'coordination', 'carriers'],
  agent: [
    'model',
    'runtime',
    'policies',
    'depot',
    'flexible-management',
    'security',
    'link',
    'journal',
    'definitions',
  ],
  server: [
    'model',
    'runtime',
    'policies',
    'depot',
    'flexible-management',
    'security',
    'access',
    'link',
    'coordination',
    'journal',
    'messages',
    'definitions',
    'pool',
  ],
  cli: [
    'model',
    'runtime',
    'policies',
    'depot',
    'flexible-management',
    'security',
    'access',
    'link',
    'coordination',
    'journal',
    'messages',
    'definitions',
    'carriers',
    'pool',
    'server',
    'agent',
  ],
};

/** Only the program itself and tests choose the real runtime; everything else is handed one. */
const mayChooseRuntime = ['cli'];

/** Imports between folders of src run one way, and nothing in src imports the simulator, tests or benchmarks. */
export const directions: Rule = {
  name: 'directions',
  check: (repository) =>
    repository.files
      .filter((file) => /^(?:src|console\/src)\//.test(file.path) && isCode(file.path))
      .flatMap((file) => importsOf(file))
      .flatMap((found) =>
        (found.from.path.startsWith('console/') ? consoleVerdict(found) : verdict(found)).map((text) =>
          finding(found.from, found.offset, text),
        ),
      ),
};

/** The console runs in browsers: of all there is it may share the words only, and nothing in src knows of it. */
function consoleVerdict(found: Import): string[] {
  if (found.path === null || isTest(found.from.path)) return [];
  return /^(?:console\/src|src\/model)\//.test(found.path)
    ? []
    : [`the console may import src/model only, not ${found.path}`];
}

function verdict(found: Import): string[] {
  if (found.path === null) return [];
  const from = folderOf(found.from.path) ?? '';
  const to = folderOf(found.path);
  const allowed = mayImport[from];
  if (allowed === undefined) return [`src/${from} is not in mayImport of test/tidy/rules/directions.ts`];
  if (to === null) return isTest(found.from.path) ? [] : [`src may not import ${found.path}`];
  if (isTest(found.from.path)) return [];
  if (isTest(found.path)) return [`${found.path} is for tests only`];
  if (to !== from && !allowed.includes(to)) return [`${from} may not import ${to} (${found.path})`];
  if (found.path.startsWith('src/runtime/node/') && from !== 'runtime' && !mayChooseRuntime.includes(from))
    return [`${from} may not import the real runtime; take a port as an argument`];
  return [];
}

function folderOf(name: string): string | null {
  return /^src\/([^/]+)\//.exec(name)?.[1] ?? null;
}
