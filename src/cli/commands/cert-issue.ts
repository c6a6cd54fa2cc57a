import type { Command } from '@commander-js/extra-typings';
import { dirname } from 'node:path';
import { WatchError } from '../../model/errors.ts';
import { writeIdentityFile } from '../../security/identity-file.ts';
import { findIdentity } from '../../security/identity-list.ts';
import { issueIdentity } from '../../security/issue-identity.ts';
import { openAuthority } from '../../security/open-authority.ts';
import { ownAuthorityPems, readTrust } from '../../security/trust.ts';
import { serverPaths } from '../../server/server-paths.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

type Options = { readonly config: string; readonly identity: string; readonly json?: true };

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper cert issue admin --identity admin.pem --config m1.yaml

Makes a key and a certificate for a person. Agents and servers get theirs by joining.
`,
    )
    .argument('<NAME>', 'a user')
    .addOption(configOption())
    .requiredOption('--identity <FILE>', 'the file to write; it must not be there yet')
    .option('--json', 'print one JSON document')
    .action((name, options) => run(cli, name, options));
}

async function run(cli: Cli, name: string, { config: path, identity, json }: Options): Promise<void> {
  const file = resolvePath(cli, identity);
  await withCoordinator(cli, path, async ({ runtime, config, coordination }) => {
    const { files } = runtime;
    if ((await files.status(file)) !== null)
      throw new WatchError('WK_CONFLICT', `${file}: is there already; choose another --identity`);
    const who = await findIdentity(coordination, name, 'user');
    const { trust } = await readTrust(coordination);
    const authority = await openAuthority(runtime, serverPaths(config.data), trust, trust.signsOthers);
    const authorityPems = ownAuthorityPems(config.pool.id, trust);
    const pool = { id: config.pool.id, authorityPems, authority };
    const credentials = await issueIdentity({ ...runtime, coordination }, who, pool);
    await files.makeDirectory(dirname(file), 0o700);
    await writeIdentityFile(files, file, credentials);
  });
  if (json) return printJson(cli, { name, identity: file });
  note(cli, `the identity of ${name} is in ${file}; it renews itself when it is used`);
}
