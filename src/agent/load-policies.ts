import { textOf } from '../model/errors.ts';
import { isWatchPolicy, type WatchPolicy } from '../model/policy.ts';
import { checkedPolicySchema } from '../policies/checked-policy.ts';
import { depotNamesIn } from '../policies/depot-reference.ts';
import type { Files } from '../runtime/files.ts';
import { readYamlFile } from '../runtime/yaml-file.ts';

export interface LoadedPolicies {
  readonly policies: readonly WatchPolicy[];
  /** Files that were refused, each with file, line and reason; the others work all the same. */
  readonly refused: readonly { readonly path: string; readonly text: string }[];
}

export const noPolicies: LoadedPolicies = { policies: [], refused: [] };

/** Reads every *.yaml and *.yml of a folder. WK_NOT_FOUND and the like when the folder itself cannot be read. */
export async function loadPolicies(
  files: Pick<Files, 'list' | 'readText'>,
  folder: string,
): Promise<LoadedPolicies> {
  const policies: WatchPolicy[] = [];
  const refused: { path: string; text: string }[] = [];
  for (const name of (await files.list(folder)).filter((file) => /\.ya?ml$/.test(file))) {
    const path = `${folder}/${name}`;
    try {
      const policy = await readYamlFile(files, path, checkedPolicySchema);
      if (!isWatchPolicy(policy))
        refused.push({ path, text: `${path}: kind: ${policy.kind} comes from the pool only` });
      else if (policy.kind === 'command' && depotNamesIn(policy.command).length > 0)
        refused.push({
          path,
          text: `${path}: command: files of the depot come with policies of the pool only`,
        });
      else if (policies.some((other) => other.name === policy.name))
        refused.push({ path, text: `${path}: name: another policy is called ${policy.name} too` });
      else policies.push(policy);
    } catch (error) {
      refused.push({ path, text: textOf(error) });
    }
  }
  return { policies, refused };
}
