import type { Command } from '@commander-js/extra-typings';
import { signedInSchema, whoAmISchema } from '../../model/users-api.ts';
import { WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { note } from '../terminal/print.ts';
import { keepSession } from '../asking/session-file.ts';
import { openClient } from '../asking/target.ts';
import { changeUser } from '../asking/users.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper user password
  watchkeeper user password ann < new-password

A password is asked for on a terminal, or read from standard input: a line with your present one first, if it is your own. All
sessions of the user end.
`,
    )
    .argument('[NAME]', 'the user; yourself by default', nameOption)
    .action((name, options) => (name === undefined ? ofOwn(cli, options) : ofOther(cli, name, options)));
}

async function ofOther(cli: Cli, name: string, options: ClientOptions): Promise<void> {
  const password = await cli.readSecret(`new password of ${name}`);
  await changeUser(await openClient(cli, options), name, { kind: 'password', password });
  note(cli, `${name} has another password, and all its sessions are over`);
}

async function ofOwn(cli: Cli, options: ClientOptions): Promise<void> {
  const client = await openClient(cli, options);
  const { name, kind } = await client.ask({ path: '/api/v1/session' }, whoAmISchema);
  if (kind !== 'user')
    throw new WatchError('WK_DENIED', `${name} has no password; name the user whose it is`);
  const current = await cli.readSecret('your present password');
  const password = await cli.readSecret('your new password');
  const body = { current, password };
  const { token } = await client.ask(
    { method: 'POST', path: '/api/v1/password', body, once: true },
    signedInSchema,
  );
  if (token !== null) await keepSession(cli, options, token);
  note(cli, `you have another password; all your other sessions are over`);
}
