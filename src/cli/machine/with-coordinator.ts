import { embeddedPath, openCoordination } from '../../coordination/open.ts';
import type { Coordination } from '../../coordination/coordination.ts';
import { WatchError } from '../../model/errors.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { readYamlFile } from '../../runtime/yaml-file.ts';
import { serverConfigSchema, type ServerConfig } from '../../server/config.ts';
import type { Cli } from '../cli.ts';
import { auditedCoordination } from './local-audit.ts';
import { resolvePath } from '../resolve-path.ts';

/** What commands work with that stand on a server's own machine. */
export interface Local {
  readonly runtime: Runtime;
  readonly config: ServerConfig;
  readonly coordination: Coordination;
  /** Who does it, as it stands beside what is changed. */
  readonly by: string;
}

/**
 * Opens the coordinator that a server's configuration names; what is written there is noted for the audit trail. Errors: WK_CONFIG, and WK_ELSEWHERE where the
 * coordinator's file is not on this machine: opening it would make an empty one.
 */
export async function withCoordinator<T>(
  cli: Cli,
  configPath: string,
  run: (local: Local) => Promise<T>,
): Promise<T> {
  const runtime = await cli.runtime();
  const config = await readYamlFile(runtime.files, resolvePath(cli, configPath), serverConfigSchema);
  await assertHere(runtime, config.coordination);
  const coordination = await openCoordination(config.coordination, runtime);
  try {
    return await run({
      runtime,
      config,
      by: `command line on ${config.server.name}`,
      coordination: auditedCoordination(coordination, cli, runtime, config),
    });
  } finally {
    await coordination.close();
  }
}

/** WK_ELSEWHERE for a coordinator in a file that is not on this machine. */
export async function assertHere(runtime: Runtime, coordination: string): Promise<void> {
  const path = embeddedPath(coordination);
  if (path !== null && (await runtime.files.status(path)) === null)
    throw new WatchError(
      'WK_ELSEWHERE',
      `${path}: the coordinator's file is not on this machine, and it serves one machine only; run this where the pool was created`,
    );
}
