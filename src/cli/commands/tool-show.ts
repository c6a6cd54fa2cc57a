import type { Command } from '@commander-js/extra-typings';
import { toolDetailSchema } from '../../model/action-api.ts';
import { yamlText } from '../../runtime/yaml.ts';
import { toolPath } from '../asking/actions.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { printJson } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the tool', nameOption)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper tool show restart > restart.yaml
`,
    )
    .action(async (name, options) => {
      const client = await openClient(cli, options);
      const tool = await client.ask({ path: toolPath(name) }, toolDetailSchema);
      if (options.json) printJson(cli, tool);
      else cli.stdout.write(yamlText(tool.source));
    });
}
