import { importsOf } from '../imports.ts';
import { isCode, isTest } from '../repository.ts';
import type { Rule } from '../rule.ts';

/** Files that are run or read by name rather than imported. */
const entries = /^(?:bin|test|bench|console|deploy)\/|^sim\/run\.ts$|^src\/cli\/(?:main|main-.*)\.ts$/;

/** A file that nothing but its own test imports is dead. */
export const deadFiles: Rule = {
  name: 'dead files',
  check: (repository) => {
    const code = repository.files.filter((file) => isCode(file.path));
    const alive = new Set<string>();
    for (const file of code)
      for (const found of importsOf(file))
        if (found.path !== null && file.path.replace('.test.ts', '.ts') !== found.path) alive.add(found.path);
    return code
      .filter((file) => !isTest(file.path) && !entries.test(file.path) && !alive.has(file.path))
      .map((file) => `${file.path} is imported by nothing but its own test`);
  },
};
