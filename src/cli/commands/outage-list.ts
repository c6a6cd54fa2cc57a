import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { readOutages, reachText, type OutageView } from '../asking/outages.ts';
import { openClient } from '../asking/target.ts';
import { withClient } from '../options/client-options.ts';
import { note, printJson, printTable } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { localTimeText, localZone } from '../terminal/times.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .option('--all', 'also those that are over')
    .addHelpText(
      'before',
      `Examples:
  watchkeeper outage list
  watchkeeper outage list --all --json
`,
    )
    .action(async (options) => {
      const client = await openClient(cli, options);
      const all = await readOutages(client, (await cli.runtime()).clock.wallMs());
      const outages = all.filter(({ state }) => options.all || state !== 'over');
      if (options.json) return printJson(cli, { outages });
      printTable(
        cli,
        outages,
        columns(localZone()),
        'nothing is out of service, and nothing is planned to be',
      );
      const over = all.length - outages.length;
      if (over > 0)
        note(cli, `${over} are over: --all shows them, \`watchkeeper outage remove --over\` takes them away`);
    });
}

function columns(zone: string): Column<OutageView>[] {
  return [
    { title: 'OUTAGE', value: ({ name }) => safeText(name) },
    { title: 'STATE', value: ({ state }) => state },
    { title: 'FROM', value: ({ fromMs }) => localTimeText(fromMs, zone) },
    { title: 'UNTIL', value: ({ untilMs }) => localTimeText(untilMs, zone) },
    { title: 'MESSAGES', value: ({ handling }) => handling },
    { title: 'BY', value: ({ by }) => safeText(by) },
    { title: 'OF', value: (outage) => safeText(reachText(outage)) },
    { title: 'BECAUSE', value: ({ because }) => safeText(because) },
  ];
}
