import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { askRole, awaitHolder, changeRole, changeText } from '../asking/roles.ts';
import { safeText } from '../terminal/safe-text.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<ROLE>', 'acting, or virtual-interface/NAME')
    .argument('<SERVER>', 'who shall hold it whenever it is alive and healthy', nameOption)
    .addHelpText(
      'after',
      `
Where that server is well the role moves there at once, and the command waits for it. While it is away another server
holds the role, and it moves back when the pinned one returns: a pin never leaves a role to nobody.
`,
    )
    .action((role, server, options) => run(cli, role, server, options));
}

async function run(
  cli: Cli,
  name: string,
  server: string,
  options: ClientOptions & PrintOptions,
): Promise<void> {
  const runtime = await cli.runtime();
  const client = await openClient(cli, options);
  const before = await askRole(client, name);
  const asked = await changeRole(client, name, { kind: 'pin', server });
  const target = asked.servers.find((one) => one.name === server);
  const moves = before.holderName !== server && target?.state !== 'offline' && target?.healthy === true;
  const { role, change } = moves
    ? await awaitHolder(runtime, client, { before, to: server, withinMs: options.timeout })
    : { role: asked, change: null };
  if (options.json) return printJson(cli, { role, change });
  note(cli, `${safeText(name)} is pinned to ${server}`);
  if (change !== null) return note(cli, `${safeText(name)} ${changeText(change)}`);
  if (role.holderName !== server)
    note(
      cli,
      `${server} cannot take it now (${safeText(target?.because ?? 'it is away')}); it goes there as soon as it can`,
    );
}
