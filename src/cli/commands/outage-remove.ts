import type { Command } from '@commander-js/extra-typings';
import { WatchError } from '../../model/errors.ts';
import type { Cli } from '../cli.ts';
import { findOutage, readOutages, removeOutage, type OutageView } from '../asking/outages.ts';
import type { PoolClient } from '../asking/pool-client.ts';
import { openClient } from '../asking/target.ts';
import { withClient } from '../options/client-options.ts';
import { collectName } from '../options/name-option.ts';
import { note, printJson } from '../terminal/print.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('[NAME...]', 'outages that `watchkeeper outage list` shows', collectName, [])
    .option('--over', 'all that are over')
    .addHelpText(
      'before',
      `Examples:
  watchkeeper outage remove web01-20261205-2200
  watchkeeper outage remove --over

What it held back stands open at once; what it suppressed stays in the history.
`,
    )
    .action(async (names, options) => {
      if (names.length === 0 && !options.over)
        throw new WatchError('WK_BAD_REQUEST', 'name the outages, or say --over');
      const client = await openClient(cli, options);
      const nowMs = (await cli.runtime()).clock.wallMs();
      const named = await outagesNamed(client, names, nowMs);
      const over = options.over
        ? (await readOutages(client, nowMs)).filter(
            ({ name, state }) => state === 'over' && !names.includes(name),
          )
        : [];
      const removed: string[] = [];
      for (const outage of [...named, ...over]) {
        await removeOutage(client, outage);
        removed.push(outage.name);
        if (!options.json) note(cli, `outage ${outage.name} is removed`);
      }
      if (options.json) printJson(cli, { removed });
      else if (removed.length === 0) note(cli, 'no outage is over');
    });
}

/** All of them are looked up before the first is removed. */
async function outagesNamed(
  client: PoolClient,
  names: readonly string[],
  nowMs: number,
): Promise<OutageView[]> {
  const found: OutageView[] = [];
  for (const name of new Set(names)) {
    const outage = await findOutage(client, name, nowMs);
    if (outage === null) throw new WatchError('WK_NOT_FOUND', `there is no outage ${name}`);
    found.push(outage);
  }
  return found;
}
