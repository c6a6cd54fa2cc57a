import type { Command } from '@commander-js/extra-typings';
import type { UserRoleView } from '../../model/users-api.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { printJson, printTable } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { openClient } from '../asking/target.ts';
import { userRoles } from '../asking/user-roles.ts';

const columns: readonly Column<UserRoleView>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'USERS', value: ({ users }) => String(users), align: 'right' },
  {
    title: 'RIGHTS',
    value: ({ permissions }) => [...new Set(permissions.map(({ right }) => right))].join(', '),
  },
  {
    title: 'ABOUT',
    value: ({ builtIn, description = '' }) => (builtIn ? `built in: ${description}` : safeText(description)),
  },
];

export function define(command: Command, cli: Cli): void {
  withClient(command).action(async (options) => {
    const all = await userRoles(await openClient(cli, options));
    if (options.json) return printJson(cli, { userRoles: all });
    printTable(cli, all, columns, 'there is no user role');
  });
}
