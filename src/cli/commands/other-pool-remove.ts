import type { Command } from '@commander-js/extra-typings';
import { removeOtherPool } from '../../definitions/other-pools.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { nameOption } from '../options/name-option.ts';
import { note } from '../terminal/print.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

export function define(command: Command, cli: Cli): void {
  command
    .addHelpText(
      'before',
      `Refused while a policy sends messages to one of its servers. Its authorities stay trusted (trust remove).
`,
    )
    .argument('<NAME>', 'the other pool', nameOption)
    .addOption(configOption())
    .action(async (name, { config }) => {
      await withCoordinator(cli, config, ({ coordination }) => removeOtherPool(coordination, name));
      note(cli, `the pool ${name} gets no messages from here, and none are taken from its nodes`);
    });
}
