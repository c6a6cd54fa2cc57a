import type { Command } from '@commander-js/extra-typings';
import { readAuthorityFile } from '../../security/authority-file.ts';
import { fingerprintOf } from '../../security/certificate-info.ts';
import { finishRotation, readTrust, startRotation } from '../../security/trust.ts';
import { serverPaths } from '../../server/server-paths.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../config-option.ts';
import { note } from '../print.ts';
import { withCoordinator, type Local } from '../with-coordinator.ts';

type Options = { readonly config: string; readonly finish?: true; readonly force?: true };

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper trust rotate --config m1.yaml
  watchkeeper trust list --config m1.yaml
  watchkeeper trust rotate --finish --config m1.yaml
  watchkeeper trust remove FINGERPRINT --config m1.yaml

First a second authority is believed by all and signs for agents and people, who renew by themselves. When nobody is left who
has not followed, --finish lets servers show certificates of the new one too. Then the old one can be removed.
`,
    )
    .addOption(configOption())
    .option('--finish', 'the second step')
    .option('--force', 'finish although some have not followed; they join anew')
    .action((options) => run(cli, options));
}

async function run(cli: Cli, { config: path, finish, force }: Options): Promise<void> {
  const trust = await withCoordinator(cli, path, (local) =>
    finish ? finishRotation(local.coordination, force === true) : start(local),
  );
  const signer = trust.signsOthers.slice(0, 16);
  note(
    cli,
    finish
      ? `servers are signed for by ${signer} now; the old authority can be removed when they have renewed (trust list)`
      : `${signer} signs for agents and people now; see who has followed with trust list, then trust rotate --finish`,
  );
}

async function start({ runtime, config, coordination, by }: Local) {
  const paths = serverPaths(config.data);
  const { trust } = await readTrust(coordination);
  const founding = await readAuthorityFile(runtime.files, paths.authority);
  const signer =
    fingerprintOf(founding.certificatePem) === trust.signsOthers
      ? founding
      : await readAuthorityFile(runtime.files, paths.furtherAuthority(trust.signsOthers));
  return startRotation({ ...runtime, coordination }, signer, by);
}
