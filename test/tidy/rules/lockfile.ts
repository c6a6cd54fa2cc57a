import { parseLockfile } from '../lockfile-entries.ts';
import type { Rule } from '../rule.ts';

/** The lockfile can be installed on every platform, whatever registry it was made with, and names no registry. */
export const lockfile: Rule = {
  name: 'lockfile',
  check: (repository) => {
    const file = repository.files.find((each) => each.path === 'package-lock.json');
    if (file === undefined) return ['package-lock.json is missing'];
    const lock = parseLockfile(file.text);
    const known = Object.keys(lock.packages);
    const optional = Object.values(lock.packages).flatMap((each) =>
      Object.keys(each.optionalDependencies ?? {}),
    );
    return [
      ...optional
        .filter((name) => !known.some((key) => key.endsWith(`node_modules/${name}`)))
        .map((name) => `package-lock.json lacks ${name}: run node test/complete-lockfile.ts`),
      ...(file.text.includes('"resolved": "http') ? ['package-lock.json names a registry'] : []),
    ];
  },
};
