import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';
import { changeUser } from '../asking/users.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper user role ann operator
  watchkeeper user role ann operator dba
  watchkeeper user role ann

The user has exactly these from now on, on every server. Its sessions end; without any role it may do nothing.
`,
    )
    .argument('<NAME>', 'the user', nameOption)
    .argument('[ROLE...]', 'user roles')
    .action(async (name, roles, options) => {
      const names = roles.map(nameOption);
      const { user } = await changeUser(await openClient(cli, options), name, {
        kind: 'change',
        roles: names,
      });
      if (options.json) return printJson(cli, user);
      note(cli, `${name} has ${user.roles.length === 0 ? 'no role' : user.roles.join(', ')}`);
    });
}
