import { Option, type Command } from '@commander-js/extra-typings';
import { embeddedPath } from '../../coordination/open.ts';
import { WatchError } from '../../model/errors.ts';
import { readYamlFile } from '../../runtime/yaml-file.ts';
import { serverConfigSchema } from '../../server/config.ts';
import { readAuthorityFile, writePlainAuthority } from '../../security/authority-file.ts';
import { isAuthorityFile, serverPaths } from '../../server/server-paths.ts';
import { backupFiles, copyDepot, type BackupManifest } from '../machine/backup.ts';
import type { Cli } from '../cli.ts';
import { copyDatabase } from '../machine/copy-database.ts';
import { configOption } from '../options/config-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';

type Options = { readonly config: string; readonly to: string; readonly json?: true };

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper server backup --config m1.yaml --to /backup/m1-monday

The folder then holds private keys: keep it as you keep them.
`,
    )
    .addOption(configOption())
    .addOption(new Option('--to <DIR>', 'a folder that does not exist yet').makeOptionMandatory())
    .option('--json', 'print one JSON document')
    .action((options) => run(cli, options));
}

async function run(cli: Cli, options: Options): Promise<void> {
  const runtime = await cli.runtime();
  const { files } = runtime;
  const configPath = resolvePath(cli, options.config);
  const config = await readYamlFile(files, configPath, serverConfigSchema);
  const folder = resolvePath(cli, options.to);
  if ((await files.status(folder)) !== null)
    throw new WatchError('WK_CONFLICT', `${folder}: is there already; name a folder that is not`);
  const from = serverPaths(config.data);
  const to = backupFiles(folder);
  if ((await files.status(from.database)) === null)
    throw new WatchError('WK_NOT_FOUND', `${from.database}: is not there yet; this server has never run`);
  await files.makeDirectory(folder, 0o700);
  await copyDatabase(runtime, from.database, to.database);
  const coordination = embeddedPath(config.coordination);
  const hasCoordination = coordination !== null && (await files.status(coordination)) !== null;
  if (hasCoordination) await copyDatabase(runtime, coordination, to.coordination);
  for (const [source, target] of [
    [from.identity, to.identity],
    [configPath, to.config],
  ] as const)
    await files.writeAtomic(target, await files.readBytes(source), 0o600);
  await copyDepot(files, from.depot, to.depot);
  // Readable on whatever machine it is brought back on; an encrypted one is of this machine alone.
  for (const name of (await files.list(config.data)).filter(isAuthorityFile))
    await writePlainAuthority(
      files,
      `${folder}/${name}`,
      await readAuthorityFile(runtime, `${config.data}/${name}`),
    );
  // Last, so that a folder with a manifest is a whole backup.
  const manifest: BackupManifest = {
    format: 1,
    version: cli.version,
    madeMs: runtime.clock.wallMs(),
    pool: config.pool,
    server: config.server,
    coordination: hasCoordination,
  };
  await files.writeAtomic(to.manifest, `${JSON.stringify(manifest, null, 2)}\n`, 0o600);
  if (options.json) printJson(cli, { folder, ...manifest });
  else note(cli, `${config.server.name} is copied to ${folder}, its private keys included`);
}
