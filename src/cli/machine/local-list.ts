import type { Command } from '@commander-js/extra-typings';
import type { Coordination } from '../../coordination/coordination.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { printJson, printTable } from '../terminal/print.ts';
import type { Column } from '../terminal/table.ts';
import { localTimeText, localZone } from '../terminal/times.ts';
import { withCoordinator } from './with-coordinator.ts';

/** A command that lists what stands in the coordinator, on a server's own machine. */
export interface LocalList<Row> {
  /** What the rows are called in the document for programs. */
  readonly called: string;
  read(coordination: Coordination): Promise<Row[]>;
  columns(time: (ms: number) => string): readonly Column<Row>[];
  readonly nothing: string;
}

export function defineLocalList<Row>(command: Command, cli: Cli, what: LocalList<Row>): void {
  command
    .addOption(configOption())
    .option('--json', 'print one JSON document')
    .action(async ({ config, json }) => {
      const rows = await withCoordinator(cli, config, ({ coordination }) => what.read(coordination));
      if (json) return printJson(cli, { [what.called]: rows });
      const zone = localZone();
      printTable(
        cli,
        rows,
        what.columns((ms) => localTimeText(ms, zone)),
        what.nothing,
      );
    });
}
