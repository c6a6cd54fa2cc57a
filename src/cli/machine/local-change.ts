import type { Command } from '@commander-js/extra-typings';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { note, printJson } from '../terminal/print.ts';
import { withCoordinator, type Local } from './with-coordinator.ts';

/** A command that does one thing to one named thing, on a server's own machine. */
export interface LocalChange<Changed> {
  readonly help: string;
  /** What its argument may be. */
  readonly named: string;
  change(local: Local, name: string): Promise<Changed>;
  document(changed: Changed): unknown;
  /** What a person is told. */
  told(changed: Changed): string;
}

export function defineLocalChange<Changed>(command: Command, cli: Cli, what: LocalChange<Changed>): void {
  command
    .addHelpText('before', what.help)
    .argument('<NAME>', what.named)
    .addOption(configOption())
    .option('--json', 'print one JSON document')
    .action(async (name, { config, json }) => {
      const changed = await withCoordinator(cli, config, (local) => what.change(local, name));
      if (json) printJson(cli, what.document(changed));
      else note(cli, what.told(changed));
    });
}
