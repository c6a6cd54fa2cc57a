import type { Command } from '@commander-js/extra-typings';
import { codeOf, WatchError } from '../../model/errors.ts';
import { doneSchema } from '../../model/users-api.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions } from '../options/client-options.ts';
import { note } from '../terminal/print.ts';
import { dropSession } from '../asking/session-file.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command).action((options) => run(cli, options));
}

async function run(cli: Cli, options: ClientOptions): Promise<void> {
  const client = await openClient(cli, options);
  try {
    await client.ask({ method: 'DELETE', path: '/api/v1/session' }, doneSchema);
  } catch (error) {
    // Over already: nothing is left but the file.
    if (codeOf(error) !== 'WK_UNAUTHENTICATED') throw error;
  }
  if (!(await dropSession(cli, options)))
    throw new WatchError('WK_NOT_FOUND', 'this context keeps no session that `watchkeeper login` began');
  note(cli, 'your session is over on every server');
}
