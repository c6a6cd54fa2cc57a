import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { note, printJson } from '../terminal/print.ts';
import { askRole, changeRole } from '../asking/roles.ts';
import { safeText } from '../terminal/safe-text.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<ROLE>', 'acting, or virtual-interface/NAME')
    .action(async (name, options) => {
      const client = await openClient(cli, options);
      const before = await askRole(client, name);
      const role = await changeRole(client, name, { kind: 'unpin' });
      if (options.json) return printJson(cli, { role });
      const holder = safeText(role.holderName ?? 'nobody');
      const was = before.pinned === null ? 'was not pinned' : `is no longer pinned to ${before.pinned.name}`;
      note(cli, `${safeText(name)} ${safeText(was)}; ${holder} holds it`);
    });
}
