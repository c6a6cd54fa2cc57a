import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';
import { changeUser } from '../asking/users.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the user', nameOption)
    .action(async (name, options) => {
      const { user } = await changeUser(await openClient(cli, options), name, { kind: 'enable' });
      if (options.json) return printJson(cli, user);
      note(cli, `${name} may sign in again`);
    });
}
