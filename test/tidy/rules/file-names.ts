import { isCode, isGenerated } from '../repository.ts';
import type { Rule } from '../rule.ts';

/** One way to write a file's name, so that it can be guessed: lower case, words joined by dashes. */
export const fileNames: Rule = {
  name: 'file names',
  check: (repository) =>
    repository.files
      .filter(
        (file) =>
          isCode(file.path) &&
          !isGenerated(file.path) &&
          !/^[a-z0-9.-]+$/.test(file.path.split('/').at(-1) ?? ''),
      )
      .map((file) => `${file.path} is not written in lower case with dashes`),
};
