import type { Rule } from '../rule.ts';

/** ARCHITECTURE.md names every folder of src, so that a stranger finds the way and a new folder gets a reason. */
export const architecture: Rule = {
  name: 'architecture',
  check: (repository) => {
    const page = repository.files.find((file) => file.path === 'ARCHITECTURE.md');
    if (page === undefined) return ['ARCHITECTURE.md is missing'];
    const folders = new Set(repository.files.flatMap((file) => /^src\/([^/]+)\//.exec(file.path)?.[1] ?? []));
    return [...folders]
      .filter((folder) => !page.text.includes(`${folder}/`))
      .map((folder) => `ARCHITECTURE.md does not name ${folder}/`);
  },
};
