import type { Command } from '@commander-js/extra-typings';
import { policyDetailSchema } from '../../model/policy-api.ts';
import { yamlText } from '../../runtime/yaml.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { pathOf } from '../asking/policies.ts';
import { printJson } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the policy', nameOption)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper policy show disk > disk.yaml
`,
    )
    .action(async (name, options) => {
      const client = await openClient(cli, options);
      const policy = await client.ask({ path: pathOf('policies', name) }, policyDetailSchema);
      if (options.json) printJson(cli, policy);
      else cli.stdout.write(yamlText(policy.source));
    });
}
