import type { Command } from '@commander-js/extra-typings';
import type { Coordination } from '../../coordination/coordination.ts';
import { etcdMemberSchema, keys, type ServerDefinition } from '../../model/definitions.ts';
import { WatchError } from '../../model/errors.ts';
import { readIdentityFile } from '../../security/identity-file.ts';
import { serverPaths } from '../../server/server-paths.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../config-option.ts';
import { durationOption } from '../duration-option.ts';
import { note, printJson } from '../print.ts';
import { awaitDrained, findServers, removeDefinition } from '../removal.ts';
import { withCoordinator } from '../with-coordinator.ts';

type Options = {
  readonly config: string;
  readonly timeout: number;
  readonly force?: true;
  readonly json?: true;
};

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper server remove m3 --config m1.yaml

Leave the server running: the others fetch what only it has, then it is removed and stops by itself. With --force
it is removed at once, and what only it has is lost.
`,
    )
    .argument('<NAME>', 'the server')
    .addOption(configOption())
    .option('--timeout <DURATION>', 'wait for the others to catch up for so long', durationOption, 30_000)
    .option('--force', 'remove it whatever is lost')
    .option('--json', 'print one JSON document')
    .action((name, options) => run(cli, name, options));
}

async function run(cli: Cli, name: string, { config: path, timeout, force, json }: Options): Promise<void> {
  const removed = await withCoordinator(cli, path, async ({ runtime, config, coordination }) => {
    const servers = await findServers(coordination, name);
    await assertNoEtcd(coordination, servers.leaving, config.etcd?.endpoints ?? []);
    const { credentials } = await readIdentityFile(runtime.files, serverPaths(config.data).identity);
    const target = { trust: { authorityPems: credentials.authorityPems }, credentials, token: null };
    if (!force) await awaitDrained(runtime, servers, target, timeout);
    await removeDefinition(coordination, servers);
    return servers.leaving;
  });
  if (json) return printJson(cli, { removed, drained: force !== true });
  note(
    cli,
    `${name} is removed${force ? '; what only it had is lost' : ', and the others have all that it had'}; its data may be deleted`,
  );
}

/** WK_CONFLICT for the server that runs the pool's only etcd, also with --force: without it there is no pool. */
async function assertNoEtcd(
  coordination: Coordination,
  { coreId, name }: ServerDefinition,
  endpoints: readonly string[],
): Promise<void> {
  const item = await coordination.get(keys.etcdMember(coreId));
  // One that is not asked any more was lost, and etcd was made anew elsewhere.
  if (item === null || !endpoints.includes(etcdMemberSchema.parse(JSON.parse(item.value)).client)) return;
  throw new WatchError(
    'WK_CONFLICT',
    `${name} runs the pool's etcd, and everything that is configured with it; remove another server, or move the pool to another etcd first (docs/etcd.md)`,
  );
}
