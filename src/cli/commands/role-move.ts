import type { Command } from '@commander-js/extra-typings';
import { nameOption } from '../options/name-option.ts';
import type { Cli } from '../cli.ts';
import { withClient, type ClientOptions, type PrintOptions } from '../options/client-options.ts';
import { note, printJson } from '../terminal/print.ts';
import { askRole, awaitHolder, changeRole, changeText } from '../asking/roles.ts';
import { safeText } from '../terminal/safe-text.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper role move acting m2
  watchkeeper role move virtual-interface/front m2 --timeout 30s
`,
    )
    .argument('<ROLE>', 'acting, or virtual-interface/NAME')
    .argument('<SERVER>', 'who shall hold it', nameOption)
    .addHelpText(
      'after',
      `
The holder lets go in order and the other takes at once; the command waits for it, at most --timeout. The role stays
there until that server is lost, also where failback is automatic. A pinned role does not move: see role unpin.
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
  const asked = await changeRole(client, name, { kind: 'move', server });
  if (before.holderName === server && asked.movingTo === null) {
    if (options.json) return printJson(cli, { moved: false, role: asked, change: null });
    return note(cli, `${safeText(name)} is held by ${server} already; nothing was changed`);
  }
  const { role, change } = await awaitHolder(runtime, client, {
    before,
    to: server,
    withinMs: options.timeout,
  });
  if (options.json) return printJson(cli, { moved: true, role, change });
  note(cli, `${safeText(name)} ${changeText(change)}`);
}
