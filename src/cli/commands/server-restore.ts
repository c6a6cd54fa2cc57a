import { Option, type Command } from '@commander-js/extra-typings';
import { dirname } from 'node:path';
import { embeddedPath, openCoordination } from '../../coordination/open.ts';
import { keys, poolSchema } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import { uuidV4 } from '../../model/uuid.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { readYamlFile } from '../../runtime/yaml-file.ts';
import { serverConfigSchema, type ServerConfig } from '../../server/config.ts';
import { readAuthorityFile, writeAuthorityFile } from '../../security/authority-file.ts';
import { isAuthorityFile, serverPaths } from '../../server/server-paths.ts';
import { backupFiles, copyDepot, backupManifestSchema } from '../machine/backup.ts';
import type { Cli } from '../cli.ts';
import { copyDatabase } from '../machine/copy-database.ts';
import { assertUnused } from '../machine/new-server.ts';
import { note } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';

type Options = {
  readonly from: string;
  readonly config: string;
  readonly data: string;
  readonly withCoordination?: true;
};

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper server restore --from /backup/m1-monday --config m1.yaml --data /var/lib/watchkeeper/m1

What happened after the backup comes back from the other servers when it runs. Never let the
restored server and the one it was copied from run at the same time.
`,
    )
    .addOption(new Option('--from <DIR>', 'the backup').makeOptionMandatory())
    .addOption(new Option('--config <FILE>', 'the configuration to write').makeOptionMandatory())
    .addOption(new Option('--data <DIR>', 'the folder for its database and keys').makeOptionMandatory())
    .option('--with-coordination', 'bring the coordinator back too: only when the whole pool was lost')
    .action((options) => run(cli, options));
}

async function run(cli: Cli, options: Options): Promise<void> {
  const runtime = await cli.runtime();
  const { files } = runtime;
  const from = backupFiles(resolvePath(cli, options.from));
  const data = resolvePath(cli, options.data);
  const configPath = resolvePath(cli, options.config);
  const { server } = await readManifest(runtime, from.manifest);
  const config = await readYamlFile(files, from.config, serverConfigSchema);
  await assertUnused(files, { config: configPath, data });
  await settleCoordination(runtime, from.coordination, config, options.withCoordination === true);
  const to = serverPaths(data);
  await files.makeDirectory(data, 0o700);
  await files.makeDirectory(dirname(configPath), 0o755);
  await copyDatabase(runtime, from.database, to.database);
  if (options.withCoordination) forgetDefinitions(runtime, to.database);
  await files.writeAtomic(to.identity, await files.readBytes(from.identity), 0o600);
  await copyDepot(files, from.depot, to.depot);
  for (const name of (await files.list(resolvePath(cli, options.from))).filter(isAuthorityFile))
    await writeAuthorityFile(
      runtime,
      `${data}/${name}`,
      await readAuthorityFile(runtime, `${resolvePath(cli, options.from)}/${name}`),
    );
  const text = (await files.readText(from.config)).replace(/^data:.*$/m, `data: ${JSON.stringify(data)}`);
  await files.writeAtomic(configPath, text, 0o600);
  note(cli, `${server.name} is restored; start it with: watchkeeper server run --config ${configPath}`);
}

async function readManifest({ files }: Runtime, path: string) {
  if ((await files.status(path)) === null)
    throw new WatchError(
      'WK_NOT_FOUND',
      `${path}: is not there, so this is no backup, or one that was not finished`,
    );
  return readYamlFile(files, path, backupManifestSchema);
}

/** The coordinator of a pool that lives must never be replaced: everybody's roles stand in it. */
async function settleCoordination(
  runtime: Runtime,
  saved: string,
  config: ServerConfig,
  bringBack: boolean,
): Promise<void> {
  const path = embeddedPath(config.coordination);
  if (path === null) {
    if (!bringBack) return;
    throw new WatchError(
      'WK_CONFLICT',
      'the coordinator is etcd, which has backups of its own; restore without --with-coordination',
    );
  }
  const isThere = (await runtime.files.status(path)) !== null;
  if (isThere && bringBack)
    throw new WatchError(
      'WK_CONFLICT',
      `${path}: the coordinator is there; restore without --with-coordination`,
    );
  if (isThere) return;
  if (!bringBack)
    throw new WatchError(
      'WK_NOT_FOUND',
      `${path}: the coordinator's file is not here; restore on the pool's machine, or with --with-coordination when the whole pool was lost`,
    );
  await runtime.files.makeDirectory(dirname(path), 0o700);
  await copyDatabase(runtime, saved, path);
  await renewLineage(runtime, config.coordination);
}

/** The coordinator that comes back with it is the only one left to say what they are. */
function forgetDefinitions({ databases }: Runtime, path: string): void {
  const database = databases.open(path, { synchronous: 'full', busyMs: 5_000 });
  try {
    database.exec('DROP TABLE IF EXISTS definitions_mirror');
  } finally {
    database.close();
  }
}

/** Whoever remembers the old coordinator has to notice that this one does not know what it knew last. */
async function renewLineage(runtime: Runtime, url: string): Promise<void> {
  const coordination = await openCoordination(url, runtime);
  try {
    const item = await coordination.get(keys.pool);
    if (item === null) throw new WatchError('WK_DAMAGED', "the backup's coordinator holds no pool");
    const pool = { ...poolSchema.parse(JSON.parse(item.value)), lineage: uuidV4(runtime.random.bytes(16)) };
    const { items } = await coordination.list(keys.sessions);
    await coordination.transact({
      conditions: [],
      writes: [
        { key: keys.pool, value: JSON.stringify(pool) },
        ...items.map(({ key }) => ({ key, value: null })),
      ],
    });
  } finally {
    await coordination.close();
  }
}
