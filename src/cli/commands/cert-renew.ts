import type { Command } from '@commander-js/extra-typings';
import { readIdentityFile } from '../../security/identity-file.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { WatchError } from '../../model/errors.ts';
import { note, printJson } from '../terminal/print.ts';
import { renewIdentityFile } from '../machine/renew-identity.ts';
import { findTarget } from '../asking/target.ts';
import { localTimeText, localZone } from '../terminal/times.ts';

export function define(command: Command, cli: Cli): void {
  withClient(
    command.addHelpText(
      'before',
      `Renews your own certificate now; commands do it by themselves when half of its life is over. It may have expired up
to 90 days ago.
`,
    ),
  ).action((options) => run(cli, options));
}

async function run(cli: Cli, options: ClientOptions & PrintOptions): Promise<void> {
  const runtime = await cli.runtime();
  const { identityPath, servers } = await findTarget(cli, options, runtime.files);
  if (identityPath === null)
    throw new WatchError('WK_BAD_REQUEST', 'an API token has no certificate; give --identity FILE');
  await renewIdentityFile(runtime, identityPath, servers);
  const { notAfterMs, name } = await readIdentityFile(runtime.files, identityPath);
  if (options.json) return printJson(cli, { name, notAfterMs, identity: identityPath });
  note(cli, `the certificate of ${name} is valid until ${localTimeText(notAfterMs, localZone())}`);
}
