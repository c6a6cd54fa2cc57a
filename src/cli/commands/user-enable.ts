import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withClient } from '../client-options.ts';
import { nameOption } from '../name-option.ts';
import { note, printJson } from '../print.ts';
import { openClient } from '../target.ts';
import { changeUser } from '../users.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<NAME>', 'the user', nameOption)
    .action(async (name, options) => {
      const { user } = await changeUser(await openClient(cli, options), name, { kind: 'enable' });
      if (options.json) return printJson(cli, user);
      note(cli, `${name} may sign in again`);
    });
}
