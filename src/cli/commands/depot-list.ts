import type { Command } from '@commander-js/extra-typings';
import type { DepotFileView } from '../../model/depot.ts';
import type { Cli } from '../cli.ts';
import { withClient } from '../options/client-options.ts';
import { readDepot, sizeText } from '../asking/depot.ts';
import { note, printJson, printTable } from '../terminal/print.ts';
import { safeText } from '../terminal/safe-text.ts';
import type { Column } from '../terminal/table.ts';
import { openClient } from '../asking/target.ts';
import { ageText } from '../terminal/times.ts';

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
