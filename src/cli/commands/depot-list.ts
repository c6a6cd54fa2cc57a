import type { Command } from '@commander-js/extra-typings';
import type { DepotFileView } from '../../model/depot.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../client-options.ts';
import { readDepot, sizeText } from '../depot.ts';
import { note, printJson, printTable } from '../print.ts';
import { safeText } from '../safe-text.ts';
import type { Column } from '../table.ts';
import { openClient } from '../target.ts';
import { ageText } from '../times.ts';

export function define(command: Command, cli: Cli): void {
  withClient(command).action(async (options) => {
    const client = await openClient(cli, options);
    const nowMs = (await cli.runtime()).clock.wallMs();
    const depot = await readDepot(client);
    if (options.json) return printJson(cli, depot);
    const columns: Column<DepotFileView>[] = [
      { title: 'FILE', value: ({ name }) => safeText(name) },
      { title: 'SIZE', value: ({ sizeBytes }) => sizeText(sizeBytes), align: 'right' },
      { title: 'SHA-256', value: ({ sha256 }) => sha256.slice(0, 16) },
      { title: 'CHANGED', value: ({ changedMs }) => ageText(changedMs, nowMs), align: 'right' },
      { title: 'BY', value: ({ by }) => safeText(by) },
      { title: 'SERVERS', value: ({ servers }) => `${servers.length} of ${depot.servers}` },
      { title: 'USED BY', value: ({ usedBy }) => safeText(usedBy.join(', ')) || '–' },
    ];
    printTable(
      cli,
      depot.files,
      columns,
      'the depot is empty; put a file into it with `watchkeeper depot add FILE`',
    );
    if (depot.files.length > 0) note(cli, `${sizeText(depot.bytes)} of ${sizeText(depot.bytesMax)}`);
  });
}
