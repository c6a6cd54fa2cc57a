import type { Command } from '@commander-js/extra-typings';
import { signedInSchema } from '../../model/users-api.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { note, printJson } from '../terminal/print.ts';
import { keepSession } from '../asking/session-file.ts';
import { openStranger } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper context add north --server https://wk1:7100 --authority north.pem
  watchkeeper login ann

The password is asked for on a terminal, or read from standard input. The session is kept in your settings, readable by you
alone, and ends after twelve hours or with \`watchkeeper logout\`.
`,
    )
    .argument('<NAME>', 'who you are')
    .action((name, options) => run(cli, name, options));
}

async function run(cli: Cli, name: string, options: ClientOptions & PrintOptions): Promise<void> {
  const client = await openStranger(cli, options);
  const password = await cli.readSecret(`password of ${name}`);
  const body = { name, password, as: 'token' };
  const { token, who } = await client.ask(
    { method: 'POST', path: '/api/v1/session', body, once: true },
    signedInSchema,
  );
  const context = await keepSession(cli, options, token ?? '');
  if (options.json) return printJson(cli, who);
  note(cli, `you are ${who.name} in ${context}, with ${who.roles.join(', ') || 'no role'}`);
}
