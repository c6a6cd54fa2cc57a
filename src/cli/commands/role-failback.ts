import { Argument, InvalidArgumentError, type Command } from '@commander-js/extra-typings';
import { parseDurationMs, spanText } from '../../model/duration.ts';
import { settleMsMax } from '../../model/role-api.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { note, printJson } from '../terminal/print.ts';
import { changeRole } from '../asking/roles.ts';
import { safeText } from '../terminal/safe-text.ts';
import { openClient } from '../asking/target.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('<ROLE>', 'acting, or virtual-interface/NAME')
    .addArgument(
      new Argument('<HOW>', 'when the preferred server returns').choices(['manual', 'automatic'] as const),
    )
    .option(
      '--settle <DURATION>',
      'how long it must be alive and healthy first, 60s unless set',
      settleOption,
    )
    .action(async (name, failback, options) => {
      const client = await openClient(cli, options);
      const settle = options.settle === undefined ? {} : { settleMs: options.settle };
      const role = await changeRole(client, name, { kind: 'failback', failback, ...settle });
      if (options.json) return printJson(cli, { role });
      const what =
        failback === 'manual'
          ? 'stays where it is when a preferred server returns'
          : `goes back to the preferred server when that was well for ${spanText(role.settleMs)}`;
      note(cli, `failback of ${safeText(name)} is ${failback}: it ${what}`);
      if (failback === 'automatic' && role.servers.every(({ place }) => place === null))
        note(cli, `no server is preferred yet; see role order ${safeText(name)}`);
    });
}

/** Zero is a duration here: back at once. */
function settleOption(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === null || ms > settleMsMax)
    throw new InvalidArgumentError('It must be a duration up to 1d, like 0s, 30s or 5m.');
  return ms;
}
