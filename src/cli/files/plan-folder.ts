import { planConfig, type ConfigPlan } from '../../definitions/plan-config.ts';
import { WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import { readConfigFolder } from './config-files.ts';
import { noteLeftOut, readConfig } from '../asking/config.ts';
import type { PoolClient } from '../asking/pool-client.ts';
import { note } from '../terminal/print.ts';
import { resolvePath } from '../resolve-path.ts';
import { safeText } from '../terminal/safe-text.ts';

export interface FolderPlan extends ConfigPlan {
  /** Where the files of the depot lie, by their names. */
  readonly depotPaths: ReadonlyMap<string, string>;
}

/**
 * What has to be done so that the pool is as the files say. Files are read first, so that a wrong one costs nobody anything.
 * `prune`: `always` needs a manifest, which says what the folder is everything of.
 */
export async function planFolder(
  cli: Cli,
  client: PoolClient,
  folder: string,
  prune: 'always' | 'where listed' | 'never',
): Promise<FolderPlan> {
  const { files } = await cli.runtime();
  const path = resolvePath(cli, folder);
  const { wanted, kinds } = await readConfigFolder(files, path, (text) => note(cli, safeText(text)));
  if (kinds === null && prune === 'always')
    throw new WatchError(
      'WK_CONFIG',
      `${path}/watchkeeper.yaml: there is no such file, which says of which kinds the folder holds everything; \`config export\` writes it`,
    );
  const { definitions, leftOut, servers } = await readConfig(client);
  const denied = wanted.find(({ kind }) => leftOut.includes(kind));
  if (denied)
    throw new WatchError(
      'WK_DENIED',
      `${denied.file}: you have no right to administer, which ${denied.kind} needs`,
    );
  const pruned = prune === 'never' ? [] : (kinds ?? []);
  noteLeftOut(
    cli,
    leftOut.filter((kind) => pruned.includes(kind)),
  );
  const inDepot = wanted.filter(({ kind }) => kind === 'depot-file');
  return {
    ...planConfig(definitions, wanted, { servers, pruned }),
    depotPaths: new Map(inDepot.map(({ name, file }) => [name, file])),
  };
}
