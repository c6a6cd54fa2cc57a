import { finding } from '../repository.ts';
import type { Rule } from '../rule.ts';

const forbidden: readonly (readonly [RegExp, string])[] = [
  [/\b(?:TODO|FIXME|XXX|HACK)\b/g, 'do it, or write an issue'],
  [/(?<![\w.-])\/(?:work|root|home\/\w+|Users\/\w+)\//g, 'a path of one machine'],
  [/\bregistry\.[\w-]+\.\w+/g, 'a package registry; the lockfile goes without'],
  [/^(?:<{7}|>{7}) /gm, 'a merge conflict'],
  [/\.only\(/g, 'would run one test and hide the others'],
];

/** Words and paths that have no business in the repository. This file names them and is left out. */
export const words: Rule = {
  name: 'words',
  check: (repository) =>
    repository.files
      .filter((file) => !file.path.startsWith('test/tidy/') && file.path !== 'package-lock.json')
      .flatMap((file) =>
        forbidden.flatMap(([pattern, why]) =>
          [...file.text.matchAll(pattern)].map((match) => finding(file, match.index, `${match[0]}: ${why}`)),
        ),
      ),
};
