import { isCode, isTest } from '../repository.ts';
import type { Rule } from '../rule.ts';

const table = 'src/model/errors.ts';

/** Every code of the error table is used by the program, and none is used that the table lacks. */
export const errorCodes: Rule = {
  name: 'error codes',
  check: (repository) => {
    const known = new Set<string>();
    const used = new Map<string, string>();
    for (const file of repository.files.filter((each) => isCode(each.path) && each.path.startsWith('src/')))
      for (const [code] of file.uncommented.matchAll(/\bWK_[A-Z][A-Z_]*[A-Z]\b/g))
        if (file.path === table) known.add(code);
        else if (!isTest(file.path) && !isVariable(code)) used.set(code, file.path);
    return [
      ...[...known].filter((code) => !used.has(code)).map((code) => `${table} nothing uses ${code}`),
      ...[...used]
        .filter(([code]) => !known.has(code))
        .map(([code, where]) => `${where} ${table} lacks ${code}`),
    ];
  },
};

/** Names of environment variables look the same; each is listed here. */
const variables: readonly string[] = [
  'WK_AGENT_CONFIG',
  'WK_AUTHORITY',
  'WK_CONTEXT',
  'WK_DEBUG',
  'WK_IDENTITY',
  'WK_JOIN_TOKEN',
  'WK_LOG',
  'WK_SERVER',
  'WK_TOKEN',
  'WK_TOKEN_FILE',
  'WK_WITNESS_CONFIG',
];

function isVariable(code: string): boolean {
  return variables.includes(code);
}
