import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withClient } from '../client-options.ts';
import { nameOption } from '../name-option.ts';
import { note, printJson } from '../print.ts';
import { openClient } from '../target.ts';
import { removeUser } from '../users.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the user', nameOption)
    .action(async (name, options) => {
      await removeUser(await openClient(cli, options), name);
      if (options.json) return printJson(cli, { removed: name });
      note(cli, `${name} is removed; its name stays beside what it did`);
    });
}
