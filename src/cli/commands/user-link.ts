import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { printJson } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';
import { changeUser, printSetup } from '../asking/users.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addHelpText(
      'before',
      `The link is good once, for a day. One that was made before is worth nothing then.
`,
    )
    .argument('<NAME>', 'the user', nameOption)
    .action(async (name, options) => {
      const client = await openClient(cli, options);
      const answer = await changeUser(client, name, { kind: 'setup-link' });
      if (options.json) return printJson(cli, answer);
      printSetup(cli, client.server, answer);
    });
}
