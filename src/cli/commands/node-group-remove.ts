import type { Command } from '@commander-js/extra-typings';
import { removedSchema } from '../../model/policy-api.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { remove } from '../asking/policies.ts';
import { note, printJson } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the group; its nodes lose the policies that they have by it alone', nameOption)
    .option('--force', 'take it out of the groups that name it')
    .action(async (name, options) => {
      const client = await openClient(cli, options);
      const removed = await remove(client, 'node-groups', name, {
        schema: removedSchema,
        force: options.force ?? false,
      });
      if (options.json) printJson(cli, removed);
      else note(cli, `node group ${name} is removed`);
    });
}
