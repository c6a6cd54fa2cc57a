import type { Command } from '@commander-js/extra-typings';
import { WatchError } from '../../model/errors.ts';
import type { Trust } from '../../model/trust.ts';
import { writeAuthorityFile, writePlainAuthority } from '../../security/authority-file.ts';
import { fingerprintOf } from '../../security/certificate-info.ts';
import { openAuthority } from '../../security/open-authority.ts';
import { finishRotation, readTrust, startRotation, startRotationByHand } from '../../security/trust.ts';
import { serverPaths } from '../../server/server-paths.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { note } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';
import { withCoordinator, type Local } from '../machine/with-coordinator.ts';

type Options = {
  readonly config: string;
  readonly keyTo?: string;
  readonly finish?: true;
  readonly force?: true;
};

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

The new key reaches the other servers sealed with the present one. Where somebody may have stolen that, --key-to FILE writes the
new key for you to carry to each other server instead (trust adopt); docs/certificates.md has the steps.
`,
    )
    .addOption(configOption())
    .option('--key-to <FILE>', 'write the new key there, for trust adopt, and send it nowhere')
    .option('--finish', 'the second step')
    .option('--force', 'finish although some have not followed; they join anew')
    .action((options) => run(cli, options));
}

async function run(cli: Cli, { config: path, keyTo, finish, force }: Options): Promise<void> {
  if (finish && keyTo !== undefined)
    throw new WatchError('WK_BAD_REQUEST', '--key-to belongs to the first step, and --finish is the second');
  const file = keyTo === undefined ? null : resolvePath(cli, keyTo);
  const trust = await withCoordinator(cli, path, (local) =>
    finish ? finishRotation(local.coordination, force === true) : start(local, file),
  );
  const signer = trust.signsOthers.slice(0, 16);
  if (file !== null)
    note(cli, `its key is in ${file}: carry it to each other server, trust adopt it there, then delete it`);
  note(
    cli,
    finish
      ? `servers are signed for by ${signer} now; the old authority can be removed when they have renewed (trust list)`
      : `${signer} signs for agents and people now; see who has followed with trust list, then trust rotate --finish`,
  );
}

async function start({ runtime, config, coordination, by }: Local, keyTo: string | null): Promise<Trust> {
  const { files } = runtime;
  const paths = serverPaths(config.data);
  const { trust } = await readTrust(coordination);
  const signer = await openAuthority(runtime, paths, trust, trust.signsOthers);
  if (keyTo === null) return startRotation({ ...runtime, coordination }, signer, by);
  if ((await files.status(keyTo)) !== null)
    throw new WatchError('WK_CONFLICT', `${keyTo}: is there already; name a file that is not`);
  return startRotationByHand({ ...runtime, coordination }, signer, by, async (next) => {
    await writePlainAuthority(files, keyTo, next);
    await writeAuthorityFile(runtime, paths.furtherAuthority(fingerprintOf(next.certificatePem)), next);
  });
}
