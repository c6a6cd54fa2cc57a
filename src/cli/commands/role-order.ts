import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { nameOption } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { changeRole } from '../asking/roles.ts';
import { safeText } from '../terminal/safe-text.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper role order acting m1 m2 m3
  watchkeeper role order virtual-interface/front
`,
    )
    .argument('<ROLE>', 'acting, or virtual-interface/NAME')
    .argument('[SERVER...]', 'the most wanted first; none: any server is as good as another', collect)
    .action(async (name, servers, options) => {
      const client = await openClient(cli, options);
      const role = await changeRole(client, name, { kind: 'order', servers: servers ?? [] });
      if (options.json) return printJson(cli, { role });
      const listed = role.servers.filter(({ place }) => place !== null).map((server) => server.name);
      const order = listed.length === 0 ? 'no order' : `the order ${listed.join(', ')}`;
      const holder = role.holderName ?? 'nobody';
      note(cli, `${safeText(name)} has ${safeText(order)}; ${safeText(holder)} holds it`);
      if (role.failback === 'manual' && listed.length > 0)
        note(cli, 'failback is manual: the order counts when the holder is lost');
    });
}

function collect(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), nameOption(text)];
}
