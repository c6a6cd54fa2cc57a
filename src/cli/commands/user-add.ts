import { Option, type Command } from '@commander-js/extra-typings';
import { userAnswerSchema } from '../../model/users-api.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { collectName, nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { openClient } from '../asking/target.ts';
import { printSetup } from '../asking/users.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper user add ann --role operator --called "Ann Berg"
  watchkeeper user add report --role observer --password-stdin < password

Without --password-stdin it prints a link with which the user sets a password that nobody else knows.
`,
    )
    .argument('<NAME>', 'what the user signs in with', nameOption)
    .addOption(
      new Option('--role <NAME>', 'a user role; may be given several times (default: observer)').argParser(
        collectName,
      ),
    )
    .option('--called <NAME>', 'the name for people to read')
    .option('--password-stdin', 'read the password from standard input, or ask for it on a terminal')
    .action(async (name, { role = ['observer'], called, passwordStdin, ...options }) => {
      const password = passwordStdin ? await cli.readSecret(`password of ${name}`) : undefined;
      const client = await openClient(cli, options);
      const body = {
        name,
        roles: role,
        ...(called !== undefined && { displayName: called }),
        ...(password !== undefined && { password }),
      };
      const answer = await client.ask(
        { method: 'POST', path: '/api/v1/users', body, once: true },
        userAnswerSchema,
      );
      if (options.json) return printJson(cli, answer);
      note(cli, `${name} is a user with ${answer.user.roles.join(', ') || 'no role'}`);
      printSetup(cli, client.server, answer);
    });
}
