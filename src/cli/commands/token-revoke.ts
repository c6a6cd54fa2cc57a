import type { Command } from '@commander-js/extra-typings';
import { revokeApiToken } from '../../security/api-token.ts';
import type { Cli } from '../cli.ts';
import { configOption } from '../options/config-option.ts';
import { note } from '../terminal/print.ts';
import { withCoordinator } from '../machine/with-coordinator.ts';

export function define(command: Command, cli: Cli): void {
  command
    .argument('<NAME>', 'its name, or its ID as `token list` prints it')
    .addOption(configOption())
    .action(async (name, { config }) => {
      await withCoordinator(cli, config, ({ coordination }) => revokeApiToken(coordination, name));
      note(cli, `the API token ${name} is worthless now`);
    });
}
