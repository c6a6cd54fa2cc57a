import type { Command } from '@commander-js/extra-typings';
import { removeDefinition } from '../asking/definition.ts';
import { openClient } from '../asking/target.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the group; its messages stay, and name it as before', nameOption)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper message-group remove Storage

One that a policy, an outage or a user role names is not removed: the answer says which do.
`,
    )
    .action(async (name, options) => {
      const client = await openClient(cli, options);
      await removeDefinition(client, { kind: 'message-group', name }, 'message-group remove');
      if (options.json) printJson(cli, { removed: name });
      else note(cli, `message group ${name} is removed`);
    });
}
