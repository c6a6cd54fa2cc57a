import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { printJson, printPairs } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import { scopeText } from '../terminal/scope-text.ts';
import { openClient } from '../asking/target.ts';
import { userRoleNamed } from '../asking/user-roles.ts';

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
