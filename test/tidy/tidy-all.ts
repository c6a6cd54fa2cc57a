import type { Repository } from './repository.ts';
import type { Rule } from './rule.ts';
import { architecture } from './rules/architecture.ts';
import { bans } from './rules/bans.ts';
import { barrels } from './rules/barrels.ts';
import { deadFiles } from './rules/dead-files.ts';
import { dependencies } from './rules/dependencies.ts';
import { directions } from './rules/directions.ts';
import { errorCodes } from './rules/error-codes.ts';
import { fileNames } from './rules/file-names.ts';
import { fileSizes } from './rules/file-sizes.ts';
import { functionSizes } from './rules/function-sizes.ts';
import { links } from './rules/links.ts';
import { lockfile } from './rules/lockfile.ts';
import { supply } from './rules/supply.ts';
import { words } from './rules/words.ts';

export const rules: readonly Rule[] = [
  directions,
  dependencies,
  bans,
  barrels,
  fileNames,
  fileSizes,
  functionSizes,
  words,
  errorCodes,
  architecture,
  deadFiles,
  links,
  lockfile,
  supply,
];

export function tidyAll(repository: Repository): { rule: string; findings: string[] }[] {
  return rules.map((rule) => ({ rule: rule.name, findings: rule.check(repository) }));
}
