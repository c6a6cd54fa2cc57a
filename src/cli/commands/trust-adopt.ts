import type { Command } from '@commander-js/extra-typings';
import { readAuthorityFile, writeAuthorityFile } from '../../security/authority-file.ts';
import { fingerprintOf } from '../../security/certificate-info.ts';
import { assertAdoptable, readTrust } from '../../security/trust.ts';
import { serverPaths } from '../../server/server-paths.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

type Options = { readonly config: string; readonly json?: true };

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper trust adopt next-authority.pem --config m2.yaml

Takes in the key of an authority that \`trust rotate --key-to FILE\` wrote on another server, so that this one can sign with it
too. Delete the file afterwards, on both.
`,
    )
    .argument('<FILE>', 'the key and certificate, which nobody else may read (chmod 600)')
    .addOption(configOption())
    .option('--json', 'print one JSON document')
    .action((file, options) => run(cli, file, options));
}

async function run(cli: Cli, file: string, { config: path, json }: Options): Promise<void> {
  const fingerprint = await withCoordinator(cli, path, async ({ runtime, config, coordination }) => {
    const authority = await readAuthorityFile(runtime, resolvePath(cli, file));
    const { trust } = await readTrust(coordination);
    assertAdoptable(config.pool.id, trust, authority);
    const adopted = fingerprintOf(authority.certificatePem);
    await writeAuthorityFile(runtime, serverPaths(config.data).furtherAuthority(adopted), authority);
    return adopted;
  });
  if (json) return printJson(cli, { adopted: fingerprint });
  note(
    cli,
    `this server has the key of ${fingerprint.slice(0, 16)} now; restart it, delete ${file}, and go on with the next server`,
  );
}
