import { isCode, isGenerated } from '../repository.ts';
import type { Rule } from '../rule.ts';

export const fileLinesMax = 400;

/** Files that are longer, with the length they may not pass. Numbers here only ever fall. */
const ratchet: Readonly<Record<string, number>> = {};

export const fileSizes: Rule = {
  name: 'file sizes',
  check: (repository) =>
    repository.files
      .filter((file) => isCode(file.path) && !isGenerated(file.path))
      .flatMap((file) => {
        const lines = file.text.trimEnd().split('\n').length;
        const linesMax = ratchet[file.path] ?? fileLinesMax;
        return lines > linesMax ? [`${file.path} has ${lines} lines, at most ${linesMax}: split it`] : [];
      }),
};
