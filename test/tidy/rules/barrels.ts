import { importsOf } from '../imports.ts';
import { finding, isCode } from '../repository.ts';
import type { Rule } from '../rule.ts';

/** A file is named after the one thing it exports: no index files, no re-exports. */
export const barrels: Rule = {
  name: 'no barrels',
  check: (repository) =>
    repository.files
      .filter((file) => isCode(file.path))
      .flatMap((file) => [
        ...(/(?:^|\/)index\.[tj]sx?$/.test(file.path) ? [`${file.path} name it after what it exports`] : []),
        ...importsOf(file)
          .filter((found) => file.code.startsWith('export', found.offset))
          .map((found) => finding(file, found.offset, 're-exports; import from where it is made')),
      ]),
};
