import type { Command } from '@commander-js/extra-typings';
import { usersSchema, type UserView } from '../../model/users-api.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { printJson, printTable } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { openClient } from '../asking/target.ts';

const columns: readonly Column<UserView>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'STATE', value: ({ disabled }) => (disabled ? 'disabled' : 'enabled') },
  { title: 'PASSWORD', value: ({ hasPassword }) => (hasPassword ? 'set' : 'none') },
  { title: 'ROLES', value: ({ roles }) => roles.join(', ') || 'none' },
  { title: 'CALLED', value: ({ displayName }) => safeText(displayName) },
];

export function define(command: Command, cli: Cli): void {
  withClient(command).action(async (options) => {
    const client = await openClient(cli, options);
    const { users } = await client.ask({ path: '/api/v1/users' }, usersSchema);
    if (options.json) return printJson(cli, { users });
    printTable(cli, users, columns, 'there is no user');
  });
}
