import type { z } from 'zod';
import { textOf } from '../model/errors.ts';
import { policySchema, type LogFilePolicy, type Policy } from '../model/policy.ts';
import type { Files } from '../runtime/files.ts';
import { readYamlFile } from '../runtime/yaml-file.ts';
import { compilePattern } from './pattern/compile-pattern.ts';
import { unknownPlaceholders } from './sources/evaluate-line.ts';

export interface LoadedPolicies {
  readonly policies: readonly Policy[];
  /** Files that were refused, each with file, line and reason; the others work all the same. */
  readonly refused: readonly { readonly path: string; readonly text: string }[];
}

export const noPolicies: LoadedPolicies = { policies: [], refused: [] };

/** A policy whose regular expressions can be matched in linear time and whose templates name groups that exist. */
export const checkedPolicySchema = policySchema.superRefine((policy, context) => {
  if (policy.kind === 'log-file') checkConditions(policy, context);
});

function checkConditions(policy: LogFilePolicy, context: z.RefinementCtx): void {
  for (const [index, condition] of policy.conditions.entries())
    try {
      const { groupNames } = compilePattern(condition.match, condition.ignoreCase);
      const [unknown] = unknownPlaceholders(condition, groupNames);
      if (unknown !== undefined)
        context.addIssue({
          code: 'custom',
          path: ['conditions', index],
          message: `uses \${${unknown}}, but the expression has no group (?<${unknown}>…)`,
        });
    } catch (error) {
      context.addIssue({ code: 'custom', path: ['conditions', index, 'match'], message: textOf(error) });
    }
}

/** Reads every *.yaml and *.yml of a folder. WK_NOT_FOUND and the like when the folder itself cannot be read. */
export async function loadPolicies(
  files: Pick<Files, 'list' | 'readText'>,
  folder: string,
): Promise<LoadedPolicies> {
  const policies: Policy[] = [];
  const refused: { path: string; text: string }[] = [];
  for (const name of (await files.list(folder)).filter((file) => /\.ya?ml$/.test(file))) {
    const path = `${folder}/${name}`;
    try {
      const policy = await readYamlFile(files, path, checkedPolicySchema);
      if (policies.some((other) => other.name === policy.name))
        refused.push({ path, text: `${path}: name: another policy is called ${policy.name} too` });
      else policies.push(policy);
    } catch (error) {
      refused.push({ path, text: textOf(error) });
    }
  }
  return { policies, refused };
}
