import type { Command } from '@commander-js/extra-typings';
import { userViewSchema } from '../../model/users-api.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../client-options.ts';
import { nameOption } from '../name-option.ts';
import { printJson, printPairs } from '../print.ts';
import { safeText } from '../safe-text.ts';
import { openClient } from '../target.ts';
import { localTimeText, localZone } from '../times.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the user', nameOption)
    .action(async (name, options) => {
      const client = await openClient(cli, options);
      const user = await client.ask({ path: `/api/v1/users/${encodeURIComponent(name)}` }, userViewSchema);
      if (options.json) return printJson(cli, user);
      printPairs(cli, [
        ['name', user.name],
        ['called', safeText(user.displayName)],
        ['state', user.disabled ? 'disabled' : 'enabled'],
        ['password', user.hasPassword ? 'set' : 'none'],
        ['roles', user.roles.join(', ') || 'none'],
        ['added', localTimeText(user.createdMs, localZone())],
        ['core ID', user.coreId],
      ]);
    });
}
