import type { Command } from '@commander-js/extra-typings';
import { doneSchema } from '../../model/users-api.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';
import { userRolePath } from '../asking/user-roles.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the user role', nameOption)
    .action(async (name, options) => {
      const client = await openClient(cli, options);
      await client.ask({ method: 'DELETE', path: userRolePath(name), once: true }, doneSchema);
      if (options.json) return printJson(cli, { removed: name });
      note(cli, `user role ${name} is removed`);
    });
}
