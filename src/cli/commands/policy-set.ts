import type { Command } from '@commander-js/extra-typings';
import { z } from 'zod';
import { policyDetailSchema, type PolicyDetail } from '../../model/policy-api.ts';
import { nameSchema } from '../../model/definitions.ts';
import { isForServers } from '../../model/policy.ts';
import { checkedPolicySchema } from '../../policies/checked-policy.ts';
import { readYamlFile } from '../../runtime/yaml-file.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { kindOption, readFlexibleSource } from '../files/flexible-file.ts';
import { countsText, pathOf } from '../asking/policies.ts';
import { note, printJson } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';
import { safeText } from '../terminal/safe-text.ts';
import { openClient } from '../asking/target.ts';

/** What is sent is what its author wrote; the check beside it is for errors that name file and line. */
const sourceSchema = z.looseObject({ name: nameSchema });

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<FILE...>', 'policies, one a file')
    .addOption(kindOption)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper policy set disk.yaml
  watchkeeper policy set desk.mgrconf
  watchkeeper policy set --kind server hours.mgrconf
  watchkeeper node-group set linux --node '*' --policy disk

Defines policies, or changes them. Connected agents of the groups that name them get them at once, others when they return.
Every file is checked before the first is sent. A file that does not end in .yaml or .yml holds flexible management; the policy is
called like the file. With --kind server it is for the servers, which follow it for every message of the pool as soon as it is
defined: what is shared with other pools, service hours, outages. No group names it.
`,
    )
    .action(async (files, options) => {
      const runtime = await cli.runtime();
      const sources = [];
      for (const file of files) {
        if (!/\.ya?ml$/.test(file)) {
          sources.push(await readFlexibleSource(cli, file, options.kind));
          continue;
        }
        const path = resolvePath(cli, file);
        await readYamlFile(runtime.files, path, checkedPolicySchema);
        sources.push(await readYamlFile(runtime.files, path, sourceSchema));
      }
      const client = await openClient(cli, options);
      const policies: PolicyDetail[] = [];
      for (const source of sources) {
        const path = pathOf('policies', source.name);
        const policy = await client.ask({ method: 'PUT', path, body: { source } }, policyDetailSchema);
        policies.push(policy);
        const groups = reachText(policy);
        if (!options.json) note(cli, `policy ${safeText(policy.name)} is defined (${groups})`);
      }
      if (options.json) printJson(cli, { policies });
    });
}

function reachText({ kind, groups, nodes, source }: PolicyDetail): string {
  if (isForServers(kind))
    return source['active'] === false ? 'not in force: active is false' : 'in force for the pool';
  return groups.length === 0 ? 'no group names it yet' : countsText(nodes);
}
