import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import { historySchema, placeText, type DefinitionPlace, type HistoryEntry } from '../../model/config.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { kindOption, placeOption, revisionOption } from '../asking/config.ts';
import { printJson, printTable } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { openClient } from '../asking/target.ts';
import { localTimeText, localZone } from '../terminal/times.ts';

const columns: readonly Column<HistoryEntry>[] = [
  { title: 'REVISION', value: ({ revision }) => String(revision), align: 'right' },
  { title: 'WHEN', value: ({ atMs }) => localTimeText(atMs, localZone()) },
  { title: 'BY', value: ({ by }) => safeText(by) || '–' },
  { title: 'WHAT', value: ({ what }) => what },
  { title: 'DEFINITION', value: (entry) => safeText(placeText(entry)) },
  { title: 'VIA', value: ({ via }) => safeText(via) },
  { title: 'CHANGES', value: ({ changes }) => safeText(changes.join('; ')) },
];

function countOption(text: string): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= 500) return count;
  throw new InvalidArgumentError('It must be 1 to 500.');
}

export function define(command: Command, cli: Cli): void {
  withClient(command)
    .argument('[KIND/NAME]', 'one definition, or all of a KIND; everything by default', wantedOption)
    .addOption(new Option('--limit <COUNT>', 'how many').argParser(countOption).default(50))
    .option('--before <REVISION>', 'only what is older', revisionOption)
    .addHelpText(
      'before',
      `Examples:
  watchkeeper config history
  watchkeeper config history policy/disk
  watchkeeper config show policy/disk --revision 812
  watchkeeper config rollback policy/disk --revision 812
`,
    )
    .action(async (wanted, { limit, before, ...options }) => {
      const client = await openClient(cli, options);
      const query = { limit, ...wanted, ...(before !== undefined && { before }) };
      const { changes } = await client.ask({ path: '/api/v1/config/history', query }, historySchema);
      if (options.json) return printJson(cli, { changes });
      printTable(cli, changes, columns, 'nothing was changed');
    });
}

function wantedOption(text: string): Partial<DefinitionPlace> {
  return text.includes('/') ? placeOption(text) : { kind: kindOption(text) };
}
