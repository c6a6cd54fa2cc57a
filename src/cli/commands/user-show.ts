import type { Command } from '@commander-js/extra-typings';
import { userViewSchema } from '../../model/users-api.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { printJson, printPairs } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import { openClient } from '../asking/target.ts';
import { localTimeText, localZone } from '../terminal/times.ts';

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
