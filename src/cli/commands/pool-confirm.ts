import type { Command } from '@commander-js/extra-typings';
import { poolStatusSchema } from '../../model/api.ts';
import { codeOf, WatchError } from '../../model/errors.ts';
import { uuidV4 } from '../../model/uuid.ts';
import { doubts } from '../../pool/lease/lease-lineage.ts';
import { readKeeperFile } from '../../pool/keeper-file.ts';
import { readIdentityFile } from '../../security/identity-file.ts';
import { serverPaths } from '../../server/server-paths.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { confirmAsIs, confirmFromKnown, knownDefinitions } from '../machine/confirm-coordinator.ts';
import { PoolClient } from '../asking/pool-client.ts';
import { note, printJson } from '../terminal/print.ts';
import { withCoordinator, type Local } from '../machine/with-coordinator.ts';

type Options = { readonly config: string; readonly force?: true; readonly json?: true };

const askMs = 3_000;

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper pool confirm --config m1.yaml
  watchkeeper pool confirm --config m1.yaml --force

After the coordinator was restored from a backup or rebuilt, no role is taken until somebody confirms that this is the
coordinator to go on with. So does a server that starts while too few of the others can be heard. Without --force what it says now stands: servers, nodes and roles as they were when the backup was
made. With --force what this server knows is written into it first, which is what you want when this server
was up to date, or when the coordinator is empty. All servers then follow by themselves.
`,
    )
    .addOption(configOption())
    .option('--force', 'write what this server knows into the coordinator, whatever stands there')
    .option('--json', 'print one JSON document')
    .action((options) => run(cli, options));
}

async function run(cli: Cli, { config: path, force, json }: Options): Promise<void> {
  const pool = await withCoordinator(cli, path, async (local) => {
    const { runtime, config, coordination } = local;
    await assertDoubt(local);
    const known = (await readKeeperFile(runtime.files, config.data))?.lineage ?? null;
    const confirmation = { lineage: uuidV4(runtime.random.bytes(16)), known };
    if (!force) return await confirmAsIs(coordination, confirmation);
    const definitions = knownDefinitions(runtime.databases, serverPaths(config.data).database);
    return await confirmFromKnown(coordination, definitions, confirmation);
  });
  if (json) return printJson(cli, { lineage: pool.lineage, before: pool.before });
  note(cli, `confirmed: the pool ${pool.name} goes on, and its servers take their roles up again`);
}

/** A confirmation makes every server let go of its roles for a moment: none where none was asked for. */
async function assertDoubt({ runtime, config }: Local): Promise<void> {
  const { credentials } = await readIdentityFile(runtime.files, serverPaths(config.data).identity);
  const client = new PoolClient(
    runtime,
    {
      servers: [config.url],
      trust: { authorityPems: credentials.authorityPems },
      credentials,
      token: null,
      timeoutMs: askMs,
    },
    'pool confirm',
  );
  try {
    const { coordinator } = await client.ask({ path: '/api/v1/pool' }, poolStatusSchema);
    if (coordinator.doubt === doubts.superseded)
      throw new WatchError(
        'WK_CONFLICT',
        `the other servers know a later coordinator than ${config.server.name} does: confirm on one of them, or stop them first`,
      );
    if (coordinator.doubt !== null || coordinator.waiting) return;
  } catch (error) {
    if (['WK_UNREACHABLE', 'WK_TIMEOUT', 'WK_UNAVAILABLE'].includes(codeOf(error))) return;
    throw error;
  }
  throw new WatchError(
    'WK_CONFLICT',
    `${config.server.name} does not doubt its coordinator, so there is nothing to confirm; see \`pool status\``,
  );
}
