import type { Command } from '@commander-js/extra-typings';
import { printPolicy } from '../../flexible-management/print-policy.ts';
import type { Cli } from '../cli.ts';
import { kindOption, readFlexibleFile } from '../files/flexible-file.ts';

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Examples:
  watchkeeper policy print old.mgrconf > new.mgrconf

Deviations that are read with a warning are gone afterwards; comments are too.
`,
    )
    .argument('<FILE>', 'the file; - for standard input')
    .addOption(kindOption)
    .action(async (file, { kind }) => {
      cli.stdout.write(printPolicy(await readFlexibleFile(cli, file, kind)));
    });
}
