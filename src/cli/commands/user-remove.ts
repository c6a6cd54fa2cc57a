import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';
import { removeUser } from '../asking/users.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the user', nameOption)
    .action(async (name, options) => {
      await removeUser(await openClient(cli, options), name);
      if (options.json) return printJson(cli, { removed: name });
      note(cli, `${name} is removed; its name stays beside what it did`);
    });
}
