import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withClient } from '../client-options.ts';
import { nameOption } from '../name-option.ts';
import { printJson, printPairs } from '../print.ts';
import { safeText } from '../safe-text.ts';
import { scopeText } from '../scope-text.ts';
import { openClient } from '../target.ts';
import { userRoleNamed } from '../user-roles.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the user role', nameOption)
    .action(async (name, options) => {
      const role = await userRoleNamed(await openClient(cli, options), name);
      if (options.json) return printJson(cli, role);
      printPairs(cli, [
        ['name', role.name],
        ['about', safeText(role.description ?? '')],
        ['users', String(role.users)],
        ...role.permissions.map(
          ({ right, ...selector }) => [right, safeText(scopeText([selector]))] as const,
        ),
      ]);
    });
}
