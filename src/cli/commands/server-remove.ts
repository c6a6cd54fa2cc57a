import type { Command } from '@commander-js/extra-typings';
import { openEtcdAt } from '../../coordination/open.ts';
import { readIdentityFile } from '../../security/identity-file.ts';
import { serverPaths } from '../../server/server-paths.ts';
import { assertReplaced, etcdPlaceAt, isMember, revokeRemoved } from '../machine/etcd-removal.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { durationOption } from '../options/duration-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { awaitDrained, findServers, removeDefinition } from '../machine/removal.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

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
it is removed at once, and what only it has is lost. Its certificates count nowhere any more, for the pool's own etcd neither.
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
  const removed = await withCoordinator(cli, path, async ({ runtime, config, coordination, by }) => {
    const servers = await findServers(coordination, name);
    const etcd = config.etcd === null ? null : await openEtcdAt(config.coordination, runtime);
    await using _ = { [Symbol.asyncDispose]: async () => await etcd?.close() };
    const place = await etcdPlaceAt(coordination, servers.leaving.coreId);
    if (etcd !== null && place !== null) await assertReplaced(etcd, name, place);
    const { credentials } = await readIdentityFile(runtime.files, serverPaths(config.data).identity);
    const target = { trust: { authorityPems: credentials.authorityPems }, credentials, token: null };
    if (!force) await awaitDrained(runtime, servers, target, timeout);
    await removeDefinition(coordination, servers);
    const isIn = etcd !== null && place !== null && (await isMember(runtime, etcd, place, timeout));
    const { coreId } = servers.leaving;
    await revokeRemoved({ runtime, coordination, by }, { kind: 'server', coreId, name }, place !== null);
    return { server: servers.leaving, etcd: isIn ? 'still a member' : 'no member' };
  });
  if (json) return printJson(cli, { removed: removed.server, drained: force !== true, etcd: removed.etcd });
  note(
    cli,
    `${name} is removed${force ? '; what only it had is lost' : ', and the others have all that it had'}; its data may be deleted`,
  );
  if (removed.etcd !== 'no member')
    note(
      cli,
      `etcd still has its member, which the acting server takes out as soon as it can: keep ${name} running until \`pool status\` no longer shows it`,
    );
}
