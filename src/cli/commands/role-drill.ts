import { Option, type Command } from '@commander-js/extra-typings';
import { poolStatusSchema, type PoolStatus } from '../../model/api.ts';
import { WatchError } from '../../model/errors.ts';
import { rolesSchema, type RoleChangeView, type RoleView } from '../../model/role-api.ts';
import type { Cli } from '../cli.ts';
import { awaitTakeovers, awaitWhole, drill } from '../asking/drill.ts';
import type { PoolClient } from '../asking/pool-client.ts';
import { changeText } from '../asking/roles.ts';
import { openClient } from '../asking/target.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { durationOption } from '../options/duration-option.ts';
import { spanText } from '../../model/duration.ts';
import { note, printJson } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';

type Options = ClientOptions & PrintOptions & { readonly wait: number; readonly dryRun?: true };

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper role drill virtual-interface/front --dry-run
  watchkeeper role drill acting --wait 5m
`,
    )
    .argument('<ROLE>', 'acting, or virtual-interface/NAME')
    .option('--dry-run', 'only say which server would be killed, and what it holds')
    .addOption(
      new Option('--wait <DURATION>', 'so long for the server to be back with everything')
        .argParser(durationOption)
        .default(120_000, '2m'),
    )
    .addHelpText(
      'after',
      `
The server process of whoever holds the role is killed, on purpose, as a crash would: its keeper starts it again. The command
says who took each of its roles and for how long nobody held it, then waits until every server is back and has everything.
It is refused where the pool is not whole: at risk, a server away or behind, the role pinned or on its way, different versions.
Give all servers, or a virtual interface, as --server: the one that is asked may be the one that is killed.
`,
    )
    .action((role, options) => run(cli, role, options));
}

async function run(cli: Cli, name: string, options: Options): Promise<void> {
  const runtime = await cli.runtime();
  const client = await openClient(cli, options);
  const { role, lost, status } = await planOf(client, name);
  const holder = safeText(role.holderName ?? '');
  const has = lost.map((one) => safeText(one.role)).join(', ');
  if (options.dryRun) {
    if (options.json) return printJson(cli, { holder: role.holderName, roles: lost.map((one) => one.role) });
    return note(cli, `${holder} would be killed; it holds ${has}`);
  }
  const startedMs = runtime.clock.monotonicMs();
  await drill(client, role);
  if (!options.json) note(cli, `${holder} is killed; it held ${has}`);
  const within = { ...runtime, endMs: startedMs + options.wait };
  const changes = await awaitTakeovers(within, client, lost);
  if (!options.json) for (const change of changes) note(cli, takeoverText(change));
  const whole = await awaitWhole(within, client);
  const wholeAfterMs = Math.round(runtime.clock.monotonicMs() - startedMs);
  const total = { before: status.messages.total, after: whole.messages.total };
  if (options.json)
    return printJson(cli, { holder: role.holderName, changes, wholeAfterMs, messages: total });
  note(cli, `${holder} was back after ${spanText(wholeAfterMs)}, with everything that the others have`);
  note(
    cli,
    `messages stored: ${total.before} before, ${total.after} now, on each of ${whole.members.length} servers`,
  );
}

async function planOf(
  client: PoolClient,
  name: string,
): Promise<{ role: RoleView; lost: readonly RoleView[]; status: PoolStatus }> {
  const { roles } = await client.ask({ path: '/api/v1/roles' }, rolesSchema);
  const role = roles.find((one) => one.role === name);
  if (role === undefined)
    throw new WatchError('WK_NOT_FOUND', `there is no role ${name}; role list shows which there are`);
  if (role.holder === null)
    throw new WatchError('WK_CONFLICT', `nobody holds ${name} now; there is nobody to take it from`);
  const status = await client.ask({ path: '/api/v1/pool' }, poolStatusSchema);
  return { role, lost: roles.filter(({ holder }) => holder === role.holder), status };
}

function takeoverText(change: RoleChangeView): string {
  return `${safeText(change.role)} ${changeText(change)}`;
}
